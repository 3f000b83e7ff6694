"""The table of fruit: the columns that are used of it, and what of other people's fits them."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    bindparam,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import NoSuchTableError

FRUIT = Table(
    "fruit",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", String(255), nullable=False),
    Column("quantity", Integer, nullable=False),
)
# Built once, because building a statement takes as long as sending it.
SELECT_FRUIT: Select[Any] = select(FRUIT.c.id, FRUIT.c.name, FRUIT.c.quantity).where(
    FRUIT.c.id == bindparam("fruit_id")
)

_WHOLE = {"tinyint", "smallint", "mediumint", "int", "integer", "bigint"}
_TEXT = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum"}
_TYPES = {"id": _WHOLE, "name": _TEXT, "quantity": _WHOLE}
_WANTED = {"id": "whole numbers", "name": "text", "quantity": "whole numbers"}
# Unlike a description of the table, this asks for no right but the one to read it.
_COLUMNS = text(
    "SELECT lower(column_name), lower(data_type), numeric_scale FROM information_schema.columns "
    "WHERE table_schema = database() AND table_name = 'fruit'"
)


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
    connection.execute(SELECT_FRUIT, {"fruit_id": 0}).first()
    return None


def _columns(connection: Connection) -> Iterable[Any]:
    if connection.dialect.name != "sqlite":
        return connection.execute(_COLUMNS).all()
    try:
        found = inspect(connection).get_columns(FRUIT.name)
    except NoSuchTableError:
        return []
    return [(one["name"], str(one["type"]).partition("(")[0].lower(), 0) for one in found]
