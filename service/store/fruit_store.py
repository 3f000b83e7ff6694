"""The fruit table: every statement of SQL, and the pool of connections that carries them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, astuple
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    Row,
    Select,
    String,
    Table,
    create_engine,
    delete,
    event,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from service.domain.catalogue import SEED, generated
from service.domain.fruit import Fruit
from service.domain.observer import Observer
from service.domain.store import StoreRefusedError, StoreUnavailableError

# With the wait for its turn, a lookup that needs a stopped database is answered in a second.
READ_TIMEOUT_SECONDS = 0.6
CONNECT_TIMEOUT_SECONDS = 0.3
# A connection that the server had closed fails faster than this; one that hangs does not.
CLOSED_SECONDS = 0.2
WRITE_TIMEOUT_SECONDS = 5.0
BULK_TIMEOUT_SECONDS = 30.0
ROWS_PER_STATEMENT = 1000
REPLACE_TRIES = 5  # of a row that others create and delete meanwhile

FRUIT = Table(
    "fruit",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", String(255), nullable=False),
    Column("quantity", Integer, nullable=False),
)


class FruitStore:
    """Reads and writes of one row, and filling the table; thread-safe."""

    def __init__(self, url: str, pool_size: int, observer: Observer) -> None:
        """Prepare the pools; nothing is connected before the first query.

        Args:
            url: `mysql+pymysql://` or `sqlite:///`; a SQLite file gets the table and the
                seed's rows when it is first connected.
            pool_size: Most reads at the same time, and most writes.
            observer: Hears of every query.
        """
        self._observer = observer
        # One more than loads take, so that they do not keep `problem` from asking.
        self._reads = _engine(url, READ_TIMEOUT_SECONDS, pool_size=pool_size + 1)
        self._writes = _engine(url, WRITE_TIMEOUT_SECONDS, pool_size=pool_size, ping=True)
        self._bulk = _engine(url, BULK_TIMEOUT_SECONDS, pool_size=None)
        self._find = select(FRUIT.c.id, FRUIT.c.name, FRUIT.c.quantity)

    def find(self, fruit_id: int, delay_seconds: float) -> Fruit | None:
        """Read a row; None when there is none.

        Args:
            fruit_id: Which row.
            delay_seconds: Slept after the row was read and before it is given, as a remote
                or busy database would take longer.

        Raises:
            StoreUnavailableError: The database did not answer.
        """
        statement = self._find.where(FRUIT.c.id == fruit_id)
        with self._query("select") as ended:
            began = time.perf_counter()
            try:
                row = self._first(statement, delay_seconds)
            except DBAPIError as error:
                # A ping before every read would find this out too, at the cost of a ping.
                closed = time.perf_counter() - began < CLOSED_SECONDS
                if not (error.connection_invalidated and closed):
                    raise
                row = self._first(statement, delay_seconds)
            ended("ok" if row else "absent")
        return Fruit(row.id, row.name, row.quantity) if row else None

    def replace(self, fruit: Fruit) -> bool:
        """Write a row, committed; tells whether it is new.

        Raises:
            StoreUnavailableError: The database did not answer; the row may be written.
        """
        with self._query("replace") as ended, self._writes.connect() as connection:
            created = _replace(connection, fruit)
            ended("ok")
        return created

    def delete(self, fruit_id: int) -> bool:
        """Delete a row, committed; tells whether there was one.

        Raises:
            StoreUnavailableError: The database did not answer; the row may be deleted.
        """
        with self._query("delete") as ended, self._writes.connect() as connection:
            deleted = connection.execute(delete(FRUIT).where(FRUIT.c.id == fruit_id))
            existed = deleted.rowcount > 0
            ended("ok" if existed else "absent")
        return existed

    def fill_catalogue(self, items: int) -> int:
        """Make ids 1 to `items` exist, rows that exist untouched; gives how many are new.

        Raises:
            StoreUnavailableError: The database did not answer; part may be filled.
        """
        ignore = "OR IGNORE" if self._bulk.dialect.name == "sqlite" else "IGNORE"
        statement = insert(FRUIT).prefix_with(ignore)
        created = 0
        with self._query("catalogue") as ended:
            for first in range(1, items + 1, ROWS_PER_STATEMENT):
                last = min(items, first + ROWS_PER_STATEMENT - 1)
                with self._bulk.begin() as connection:
                    there = select(FRUIT.c.id).where(FRUIT.c.id.between(first, last))
                    known = set(connection.scalars(there))
                    rows = [asdict(generated(i)) for i in range(first, last + 1) if i not in known]
                    if rows:
                        connection.execute(statement, rows)
                    created += len(rows)
            ended("ok")
        return created

    def problem(self) -> str | None:
        """Tell what keeps the store from serving; None when nothing does."""
        try:
            with self._query("probe") as ended, self._reads.connect() as connection:
                there = inspect(connection).has_table(FRUIT.name)
                ended("ok")
        except StoreUnavailableError as error:
            return str(error)
        return None if there else f"table {FRUIT.name} is missing: run db.sql on the database"

    def close(self) -> None:
        """Close all connections."""
        for engine in (self._reads, self._writes, self._bulk):
            engine.dispose()

    def _first(self, statement: Select[Any], delay_seconds: float) -> Row[Any] | None:
        with self._reads.connect() as connection:
            row = connection.execute(statement).first()
            if delay_seconds:
                time.sleep(delay_seconds)
            return row

    @contextmanager
    def _query(self, op: str) -> Iterator[Any]:
        """Time and count one query; database errors become `StoreUnavailableError`."""
        outcomes: list[str] = []
        began = time.perf_counter()
        self._observer.store_in_flight(1)
        try:
            yield outcomes.append
        except SQLAlchemyError as error:
            raise _told(error) from error
        finally:
            self._observer.store_in_flight(-1)
            outcome = outcomes[0] if outcomes else "error"
            self._observer.store_query(op, outcome, time.perf_counter() - began)


def _engine(
    url: str, timeout_seconds: float, *, pool_size: int | None, ping: bool = False
) -> Engine:
    parsed = make_url(url)
    pool: dict[str, Any] = {"poolclass": NullPool}
    if pool_size is not None:
        pool = {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": timeout_seconds}
        # Single statements: no BEGIN, no COMMIT, no ROLLBACK to wait for.
        pool |= {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": timeout_seconds}, **pool)
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    timeouts = {"read_timeout": timeout_seconds, "write_timeout": timeout_seconds}
    # Unasked, PyMySQL prepares for TLS at every connect, which takes 40 ms of processor time;
    # sixteen new connections to a database that came back would hold up every hit.
    plain = {} if any(name.startswith("ssl") for name in parsed.query) else {"ssl_disabled": True}
    return create_engine(
        parsed,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_SECONDS, **timeouts, **plain},
        pool_pre_ping=ping,
        **pool,
    )


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
        cursor.executemany("INSERT OR IGNORE INTO fruit VALUES (?, ?, ?)", map(astuple, SEED))
        connection.commit()
    cursor.close()


def _replace(connection: Connection, fruit: Fruit) -> bool:
    """Write a row; tells whether it is new."""
    for _ in range(REPLACE_TRIES - 1):
        with suppress(IntegrityError):  # another writer was first; theirs is replaced
            return _replace_once(connection, fruit)
    return _replace_once(connection, fruit)


def _replace_once(connection: Connection, fruit: Fruit) -> bool:
    row = asdict(fruit)
    if connection.execute(update(FRUIT).where(FRUIT.c.id == fruit.id).values(row)).rowcount:
        return False
    connection.execute(insert(FRUIT).values(row))
    return True


def _told(error: SQLAlchemyError) -> StoreUnavailableError:
    """Tell a database that took the statement and kept the connection from one that is away."""
    match error:
        case DBAPIError(statement=str(), connection_invalidated=False):
            return StoreRefusedError(_plain(error))
    return StoreUnavailableError(_plain(error))


def _plain(error: SQLAlchemyError) -> str:
    """Say what went wrong without statement, parameters or password."""
    cause = getattr(error, "orig", None) or error
    return f"{type(cause).__name__}: {cause}".splitlines()[0][:200]
