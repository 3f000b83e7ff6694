"""What a database's error means: away, refused this time, or not accepted at all."""

import sqlite3

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from service.domain.store import StoreRefusedError, StoreUnavailableError, WriteNotAcceptedError

DOES_NOT_FIT = "a value does not fit its column"
DENIED = "the database user may not write the table"
# MySQL's numbers of errors: the user has no right, or the whole database is not writable for it.
_DENIED = {1044, 1142, 1143, 1227, 1288, 1347, 1348, 1369, 1370, 1471}
_NOT_ACCEPTED = {
    1048: "a column does not take NULL",
    1264: "a value is out of the range of its column",
    1265: DOES_NOT_FIT,
    1364: "a column that the service does not know needs a value",
    1366: "a value has a character that its column cannot store",
    1406: "a value is too long for its column",
    1451: "another table refers to the row",
    1452: "the row must refer to a row of another table",
    1644: "a trigger of the table refused it",
    3819: "a CHECK of the table refused it",
    3988: "a value has a character that its column cannot store",
    4025: "a CHECK of the table refused it",
}
_SQLITE = {
    "SQLITE_CONSTRAINT_CHECK": _NOT_ACCEPTED[4025],
    "SQLITE_CONSTRAINT_NOTNULL": _NOT_ACCEPTED[1048],
    "SQLITE_CONSTRAINT_FOREIGNKEY": _NOT_ACCEPTED[1452],
    "SQLITE_CONSTRAINT_TRIGGER": _NOT_ACCEPTED[1644],
    "SQLITE_CONSTRAINT_DATATYPE": _NOT_ACCEPTED[1265],
    "SQLITE_MISMATCH": _NOT_ACCEPTED[1265],
    "SQLITE_TOOBIG": _NOT_ACCEPTED[1406],
}


def cause(error: SQLAlchemyError) -> str:
    """Return the driver's own message in one line, without statement, parameters or password."""
    original = getattr(error, "orig", None) or error
    return f"{type(original).__name__}: {original}".splitlines()[0][:200]


def store_error(error: SQLAlchemyError, *, writes: bool) -> StoreUnavailableError:
    """Return the error that tells a refused statement from a database that is away.

    Args:
        error: What SQLAlchemy raised.
        writes: Whether the statement writes.
    """
    if not isinstance(error, DBAPIError) or error.connection_invalidated or not error.statement:
        return StoreUnavailableError("the database did not answer", cause(error))
    refused = StoreRefusedError("the database refused the statement", cause(error))
    return (_not_accepted(error) if writes else None) or refused


def _not_accepted(error: DBAPIError) -> WriteNotAcceptedError | None:
    number = error.orig.args[0] if error.orig is not None and error.orig.args else None
    word = getattr(error.orig, "sqlite_errorname", "")
    if number in _DENIED or word.startswith("SQLITE_READONLY"):
        return WriteNotAcceptedError(DENIED, cause(error), is_denied=True)
    reason = _NOT_ACCEPTED.get(number) if isinstance(number, int) else _SQLITE.get(word)
    if reason is not None or isinstance(error.orig, sqlite3.DataError):
        return WriteNotAcceptedError(reason or DOES_NOT_FIT, cause(error), is_denied=False)
    return None
