"""The fruit table in MySQL or SQLite: every query that the service sends."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from service.domain.catalogue import generate_fruit
from service.domain.failures import Failures
from service.domain.fruit import MAX_VALUE_BYTES, Fruit, is_stored_quantity, to_value
from service.domain.observer import Observer
from service.domain.store import (
    StoreUnavailableError,
    UnservableRowError,
    WriteNotAcceptedError,
)
from service.store.engines import build_engine, ends_after
from service.store.refusals import cause, store_error
from service.store.table import FRUIT, SELECT_FRUIT, find_problem

# With the wait for its turn, a lookup is answered within a second when the database hangs.
READ_TIMEOUT_SECONDS = 0.6
# A connection that the server closed fails faster than this; one that hangs does not.
CLOSED_SECONDS = 0.2
# A write that hangs ends within the time that a process has after SIGTERM, and is then invalidated.
WRITE_TIMEOUT_SECONDS = 5.0
WRITE_PING_SECONDS = 1.0
BULK_TIMEOUT_SECONDS = 30.0
ROWS_PER_STATEMENT = 1000
# Others may create and delete the row between the UPDATE and the INSERT of a replace.
REPLACE_ATTEMPTS = 5
# A name of fewer characters has a short enough value, whatever they are.
SURELY_SHORT = 255
WRITES = {"replace", "delete", "catalogue"}

Value = TypeVar("Value")


class FruitStore:
    """The port `Store` on a database; thread-safe, and connected at the first query.

    Args:
        url: See `build_engine`.
        pool_size: Most reads at the same time, and most writes.
        observer: Notified of every query.
    """

    def __init__(self, url: str, pool_size: int, observer: Observer) -> None:
        self._observer = observer
        self._failures = Failures("store", observer)
        # Two connections more than loads take, so that `problem` and `read_again` never wait for
        # them, nor they for these.
        self._reads = build_engine(url, READ_TIMEOUT_SECONDS, pool_size=pool_size + 2)
        self._writes = build_engine(
            url, WRITE_TIMEOUT_SECONDS, pool_size=pool_size, ping_seconds=WRITE_PING_SECONDS
        )
        self._bulk = build_engine(url, BULK_TIMEOUT_SECONDS, pool_size=None)

    def find(self, fruit_id: int, delay_seconds: float) -> Fruit | None:
        """Read a row and sleep for the delay; None when there is no row."""
        return self._find("select", fruit_id, delay_seconds)

    def read_again(self, fruit_id: int) -> Fruit | None:
        """Read a row to compare it with what was served; counted apart from loads."""
        return self._find("shadow", fruit_id, 0.0)

    def _find(self, op: str, fruit_id: int, delay_seconds: float) -> Fruit | None:
        with self._query(op) as set_outcome:
            row = _twice_if_closed(lambda: self._first(fruit_id, delay_seconds))
            fruit = _to_fruit(row, fruit_id) if row else None
            set_outcome("ok" if row else "absent")
        return fruit

    def replace(self, fruit: Fruit) -> bool:
        """Write a row, committed, and return whether it is new."""
        with self._query("replace") as set_outcome, self._writing() as connection:
            created = _replace(connection, fruit)
            set_outcome("ok")
        return created

    def delete(self, fruit_id: int) -> bool:
        """Delete a row, committed, and return whether it existed."""
        with self._query("delete") as set_outcome, self._writing() as connection:
            deleted = connection.execute(delete(FRUIT).where(FRUIT.c.id == fruit_id))
            existed = deleted.rowcount > 0
            set_outcome("ok" if existed else "absent")
        return existed

    def fill_catalogue(self, items: int) -> int:
        """Add the missing rows of ids 1 to `items` and return how many that were."""
        ignore = "OR IGNORE" if self._bulk.dialect.name == "sqlite" else "IGNORE"
        statement = insert(FRUIT).prefix_with(ignore)
        created = 0
        with self._query("catalogue") as set_outcome:
            for first in range(1, items + 1, ROWS_PER_STATEMENT):
                ids = range(first, min(items + 1, first + ROWS_PER_STATEMENT))
                with self._bulk.begin() as connection:
                    there = select(FRUIT.c.id).where(FRUIT.c.id.between(ids[0], ids[-1]))
                    known = set(connection.scalars(there))
                    rows = [generate_fruit(n)._asdict() for n in ids if n not in known]
                    if rows and connection.execute(statement, rows).rowcount < len(rows):
                        _require_all(ids, set(connection.scalars(there)))
                    created += len(rows)
            set_outcome("ok")
        return created

    def problem(self) -> str | None:
        """Return what keeps the store from serving; None when nothing does."""
        try:
            with self._query("probe") as set_outcome:
                problem = _twice_if_closed(self._find_problem)
                set_outcome("ok")
        except StoreUnavailableError as error:
            return error.full
        return problem

    def close(self) -> None:
        """Close all connections."""
        for engine in (self._reads, self._writes, self._bulk):
            engine.dispose()

    def _find_problem(self) -> str | None:
        with self._reads.connect() as connection:
            return find_problem(connection)

    def _first(self, fruit_id: int, delay_seconds: float) -> Row[Any] | None:
        with self._reads.connect() as connection:
            row = connection.execute(SELECT_FRUIT, {"fruit_id": fruit_id}).first()
            if delay_seconds:
                time.sleep(delay_seconds)
            return row

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """Hold a connection whose statements share one deadline."""
        began = time.monotonic()
        with self._writes.connect() as connection:
            yield ends_after(connection, began, WRITE_TIMEOUT_SECONDS)

    @contextmanager
    def _query(self, op: str) -> Iterator[Callable[[str], None]]:
        """Time and count one query; database errors become `StoreUnavailableError`."""
        outcomes = ["error"]
        began = time.perf_counter()
        self._observer.store_in_flight(1)
        try:
            yield outcomes.append
        except SQLAlchemyError as error:
            self._failures.record(cause(error))
            raise store_error(error, writes=op in WRITES) from error
        except UnservableRowError as error:
            self._failures.record(str(error))
            raise
        except StoreUnavailableError:
            raise
        except Exception as error:
            # The driver raises whatever it trips over where another program answers.
            words = f"{type(error).__name__}: {error}"[:200]
            if not isinstance(error, OSError):
                words = f"its reply is not one of MySQL ({words})"
            self._failures.record(words)
            raise StoreUnavailableError("the database did not answer", words) from error
        finally:
            self._observer.store_in_flight(-1)
            self._observer.store_query(op, outcomes[-1], time.perf_counter() - began)


def _twice_if_closed(read: Callable[[], Value]) -> Value:
    """Read, and again when the server had closed the connection of the pool."""
    began = time.perf_counter()
    try:
        return read()
    except DBAPIError as error:
        # A ping before every read would notice this too, at a round trip for each.
        closed = time.perf_counter() - began < CLOSED_SECONDS
        if not (error.connection_invalidated and closed):
            raise
    return read()


def _require_all(ids: range, there: set[int]) -> None:
    """Raise WriteNotAcceptedError if the database left out a row, as it may for IGNORE."""
    for fruit_id in ids:
        if fruit_id not in there:
            raise WriteNotAcceptedError(
                f"the table does not take the id {fruit_id}", is_denied=False
            )


def _replace(connection: Connection, fruit: Fruit) -> bool:
    for _ in range(REPLACE_ATTEMPTS - 1):
        with suppress(IntegrityError):  # another writer inserted first, so update its row
            return _replace_once(connection, fruit)
    return _replace_once(connection, fruit)


def _replace_once(connection: Connection, fruit: Fruit) -> bool:
    row = fruit._asdict()
    if connection.execute(update(FRUIT).where(FRUIT.c.id == fruit.id).values(row)).rowcount:
        return False
    connection.execute(insert(FRUIT).values(row))
    return True


def _to_fruit(row: Row[Any], fruit_id: int) -> Fruit:
    """Return the fruit of a row that was selected by an id.

    Raises:
        UnservableRowError: The row is no fruit, or not that one.
    """
    found, name, quantity = (_plain(value) for value in row)
    if found != fruit_id or type(found) is not int:
        # MySQL finds the row '1a' of a text column for the id 1.
        raise _unservable(fruit_id, "the database returned a row of another id")
    if name is not None and not isinstance(name, str):
        raise _unservable(fruit_id, "its name is not text")
    if quantity is not None and not is_stored_quantity(quantity):
        raise _unservable(fruit_id, "its quantity is not a whole number")
    fruit = Fruit(fruit_id, name, quantity)
    if name is not None and len(name) > SURELY_SHORT and len(to_value(fruit)) > MAX_VALUE_BYTES:
        raise _unservable(fruit_id, f"its value is longer than {MAX_VALUE_BYTES} bytes")
    return fruit


def _plain(value: object) -> object:
    """Return a value of the database as the type that holds the same in JSON, if there is one."""
    if isinstance(value, Decimal | float) and value == value // 1:
        return int(value)
    if isinstance(value, bytes | bytearray):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return value
    return value


def _unservable(fruit_id: int, reason: str) -> UnservableRowError:
    return UnservableRowError(f"row {fruit_id} of table {FRUIT.name} is not a fruit: {reason}")
