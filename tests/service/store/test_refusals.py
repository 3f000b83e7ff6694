"""What the errors of both drivers mean: away, refused this time, or not accepted at all."""

import sqlite3

import pymysql
import pytest
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    TimeoutError,  # noqa: A004 - SQLAlchemy's: no connection of the pool became free
)

from service.domain.store import StoreRefusedError, StoreUnavailableError, WriteNotAcceptedError
from service.store.refusals import cause, store_error

UPDATE = "UPDATE fruit SET name = 'secret'"


def mysql(number, words="it says why", kind=IntegrityError, *, lost=False, statement=UPDATE):
    driver = pymysql.err.OperationalError(number, words)
    return kind(statement, {"name": "secret"}, driver, connection_invalidated=lost)


def sqlite(name, kind=sqlite3.IntegrityError):
    driver = kind(f"{name} failed")
    driver.sqlite_errorname = name
    return IntegrityError(UPDATE, {}, driver)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (1048, "a column does not take NULL"),
        (1264, "a value is out of the range of its column"),
        (1265, "a value does not fit its column"),
        (1406, "a value is too long for its column"),
        (1451, "another table refers to the row"),
        (3819, "a CHECK of the table refused it"),
        (4025, "a CHECK of the table refused it"),
    ],
)
def test_value_that_mysql_does_not_take_is_not_accepted(number, reason):
    error = store_error(mysql(number), writes=True)

    assert isinstance(error, WriteNotAcceptedError)
    assert (str(error), error.is_denied) == (reason, False)


@pytest.mark.parametrize("number", [1044, 1142, 1143, 1227, 1288, 1370])
def test_write_that_mysql_denies_its_user_is_denied(number):
    error = store_error(mysql(number), writes=True)

    assert isinstance(error, WriteNotAcceptedError)
    assert (str(error), error.is_denied) == ("the database user may not write the table", True)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("SQLITE_CONSTRAINT_CHECK", "a CHECK of the table refused it"),
        ("SQLITE_CONSTRAINT_NOTNULL", "a column does not take NULL"),
        ("SQLITE_CONSTRAINT_TRIGGER", "a trigger of the table refused it"),
        ("SQLITE_MISMATCH", "a value does not fit its column"),
        ("SQLITE_TOOBIG", "a value is too long for its column"),
    ],
)
def test_value_that_sqlite_does_not_take_is_not_accepted(name, reason):
    error = store_error(sqlite(name), writes=True)

    assert isinstance(error, WriteNotAcceptedError)
    assert (str(error), error.is_denied) == (reason, False)


@pytest.mark.parametrize("name", ["SQLITE_READONLY", "SQLITE_READONLY_DBMOVED"])
def test_file_that_sqlite_may_not_write_denies_the_write(name):
    error = store_error(sqlite(name, sqlite3.OperationalError), writes=True)

    assert isinstance(error, WriteNotAcceptedError)
    assert error.is_denied


def test_data_error_of_sqlite_without_a_word_does_not_fit():
    error = store_error(DataError(UPDATE, {}, sqlite3.DataError("too big")), writes=True)

    assert isinstance(error, WriteNotAcceptedError)
    assert str(error) == "a value does not fit its column"


@pytest.mark.parametrize("number", [1205, 1213, 1317, 1054, 9999])
def test_statement_that_may_succeed_another_time_is_refused(number):
    error = store_error(mysql(number), writes=True)

    assert type(error) is StoreRefusedError
    assert str(error) == "the database refused the statement"


@pytest.mark.parametrize("number", [1142, 1406])
def test_read_is_refused_and_never_not_accepted(number):
    assert type(store_error(mysql(number), writes=False)) is StoreRefusedError


@pytest.mark.parametrize(
    "error",
    [
        mysql(2013, kind=OperationalError, lost=True),
        mysql(2003, kind=OperationalError, statement=None),
        TimeoutError("QueuePool limit of size 4 reached"),
        ArgumentError("no such dialect"),
    ],
    ids=["connection lost", "no connection", "no free connection", "no error of a driver"],
)
@pytest.mark.parametrize("writes", [False, True])
def test_database_that_was_not_reached_is_unavailable(error, writes):
    found = store_error(error, writes=writes)

    assert type(found) is StoreUnavailableError
    assert str(found) == "the database did not answer"


def test_error_of_a_driver_without_words_is_refused():
    bare = InterfaceError(UPDATE, {}, pymysql.err.InterfaceError())

    assert type(store_error(bare, writes=True)) is StoreRefusedError


def test_cause_is_the_drivers_first_line_without_the_statement_and_its_values():
    said = cause(mysql(1406, "Data too long\nand more of it"))

    assert said == "OperationalError: (1406, 'Data too long\\nand more of it')"
    assert "secret" not in said
    assert len(cause(mysql(1406, "x" * 1000))) == 200
    assert cause(ArgumentError("first\nsecond")) == "ArgumentError: first"
