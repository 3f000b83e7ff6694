"""The table of fruit: the columns that are used of it, and what of other people's fits them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import NoSuchTableError

from service.domain.fruit import MAX_VALUE_BYTES, Fruit, is_stored_quantity, to_value
from service.domain.store import UnservableRowError

FRUIT = Table(
    "fruit",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", String(255), nullable=False),
    Column("quantity", Integer, nullable=False),
)
SELECT_FRUIT = select(FRUIT.c.id, FRUIT.c.name, FRUIT.c.quantity)

_WHOLE = {"tinyint", "smallint", "mediumint", "int", "integer", "bigint"}
_TEXT = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum"}
_TYPES = {"id": _WHOLE, "name": _TEXT, "quantity": _WHOLE}
_WANTED = {"id": "whole numbers", "name": "text", "quantity": "whole numbers"}
# Unlike a description of the table, this asks for no right but the one to read it.
_COLUMNS = text(
    "SELECT lower(column_name), lower(data_type), numeric_scale FROM information_schema.columns "
    "WHERE table_schema = database() AND table_name = 'fruit'"
)
# A name of fewer characters has a short enough value, whatever they are.
_SURELY_SHORT = 255


def find_problem(connection: Connection) -> str | None:
    """Return why lookups cannot be served from the table, by name; None when they can."""
    columns = {str(name): (str(kind), scale) for name, kind, scale in _columns(connection)}
    if not columns:
        return f"table {FRUIT.name} is missing: run db.sql on the database"
    for name, kinds in _TYPES.items():
        if name not in columns:
            return f"table {FRUIT.name} has no column {name}: run db.sql on the database"
        kind, scale = columns[name]
        whole = kind == "decimal" and scale == 0 and kinds is _WHOLE
        if kind not in kinds and not whole:
            return (
                f"column {name} of table {FRUIT.name} is {kind.upper()}, which holds other than "
                f"{_WANTED[name]}: change its type, as db.sql has it"
            )
    # No row has this id; the statement only shows whether the account may read the table.
    connection.execute(SELECT_FRUIT.where(FRUIT.c.id == 0)).first()
    return None


def _columns(connection: Connection) -> Iterable[Any]:
    if connection.dialect.name != "sqlite":
        return connection.execute(_COLUMNS).all()
    try:
        found = inspect(connection).get_columns(FRUIT.name)
    except NoSuchTableError:
        return []
    return [(one["name"], str(one["type"]).partition("(")[0].lower(), 0) for one in found]


def to_fruit(row: Row[Any], fruit_id: int) -> Fruit:
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
    if name is not None and len(name) > _SURELY_SHORT and len(to_value(fruit)) > MAX_VALUE_BYTES:
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
