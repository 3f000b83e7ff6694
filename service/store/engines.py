"""Connections to the database: SQLAlchemy engines with timeouts for MySQL and for SQLite."""

import time
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.pool import NullPool

from service.domain.catalogue import SEED
from service.domain.store import StoreRefusedError

CONNECT_TIMEOUT_SECONDS = 0.3
# A statement that waits longer for a lock is refused by the server, and so never carried out after
# its writer gave up. Each has this long, or is not begun.
LOCK_WAIT_SECONDS = 2
STATEMENT_SECONDS = LOCK_WAIT_SECONDS + 0.5
# Rows are never cut to fit, whatever the server's own mode.
WRITE_SESSION = (
    f"SET SESSION innodb_lock_wait_timeout = {LOCK_WAIT_SECONDS}, "
    f"SESSION lock_wait_timeout = {LOCK_WAIT_SECONDS}, "
    "SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')"
)


def build_engine(
    url: str, timeout_seconds: float, *, pool_size: int | None, ping_seconds: float | None = None
) -> Engine:
    """Build an engine, which connects at its first query.

    Args:
        url: `mysql+pymysql://` or `sqlite:///`; a new SQLite file gets the table and the
            rows of db.sql at the first connection.
        timeout_seconds: Longest wait for a reply, and for a connection of the pool.
        pool_size: Most connections, each committing every statement by itself; None opens one
            for each transaction.
        ping_seconds: Longest wait for a ping before each use of a connection, and for a new
            connection, so that these leave time for the statements; None does not ping.
    """
    parsed = make_url(url)
    pool: dict[str, Any] = {"poolclass": NullPool}
    if pool_size is not None:
        pool = {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": timeout_seconds}
        # Single statements need no BEGIN, COMMIT or ROLLBACK, each of which is a round trip.
        pool |= {
            "isolation_level": "AUTOCOMMIT",
            "pool_reset_on_return": None,
            "skip_autocommit_rollback": True,
        }
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": timeout_seconds}, **pool)
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    idle_seconds = timeout_seconds if ping_seconds is None else ping_seconds
    timeouts = {"read_timeout": idle_seconds, "write_timeout": idle_seconds}
    # By default PyMySQL prepares for TLS at every connect, which takes 40 ms of CPU; sixteen new
    # connections to a database that came back would delay every hit.
    plain = {} if any(name.startswith("ssl") for name in parsed.query) else {"ssl_disabled": True}
    writes = ping_seconds is not None or pool_size is None
    session = {"init_command": WRITE_SESSION} if writes else {}
    # PyMySQL knows passwords of Latin-1 only; servers keep them as the UTF-8 of their client.
    login = {} if parsed.password is None else {"password": str(parsed.password).encode()}
    engine = create_engine(
        parsed,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            **timeouts,
            **plain,
            **session,
            **login,
        },
        pool_pre_ping=ping_seconds is not None,
        **pool,
    )
    event.listen(engine, "handle_error", _drop_if_odd)
    if ping_seconds is not None:

        def wait_as_when_idle(connection: Any, record: object) -> None:  # noqa: ANN401
            del record
            if connection is not None:  # None when it was closed meanwhile
                _wait_at_most(connection, ping_seconds)

        event.listen(engine, "checkin", wait_as_when_idle)
    return engine


def ends_after(connection: Connection, began: float, seconds: float) -> Connection:
    """Bound all statements on a connection of MySQL together, by a time since they began.

    Args:
        connection: Of an engine that pings.
        began: When, by `time.monotonic`.
        seconds: How long all of them may take.

    Raises:
        StoreRefusedError: From a statement that might not end in time, and is not sent.
    """
    if connection.dialect.name == "sqlite":
        return connection

    def wait_for_the_rest(of: Connection, *_: object) -> None:
        left = began + seconds - time.monotonic()
        if left < STATEMENT_SECONDS:
            raise StoreRefusedError("no time is left for another statement of this write")
        _wait_at_most(of.connection.dbapi_connection, left)

    event.listen(connection, "before_cursor_execute", wait_for_the_rest)
    return connection


def _wait_at_most(connection: Any, seconds: float) -> None:  # noqa: ANN401
    # PyMySQL takes its time-outs at the connect only, but applies these fields at every read.
    connection._read_timeout = connection._write_timeout = seconds  # noqa: SLF001


def _drop_if_odd(context: ExceptionContext) -> None:
    """Close a connection whose reply was not understood: the rest of it may still come."""
    if context.sqlalchemy_exception is None:
        context.is_disconnect = True


def _prepare_sqlite(connection: Any, record: object) -> None:  # noqa: ANN401
    del record
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    known = cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'fruit'").fetchone()
    if not known:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS fruit (id INTEGER PRIMARY KEY, "
            "name VARCHAR(255) NOT NULL, quantity INTEGER NOT NULL)"
        )
        cursor.executemany("INSERT OR IGNORE INTO fruit VALUES (?, ?, ?)", SEED)
        connection.commit()
    cursor.close()
