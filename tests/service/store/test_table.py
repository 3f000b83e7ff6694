"""What the service makes of tables and rows of other people, on SQLite and on rows alone."""

from decimal import Decimal

import pytest
from sqlalchemy import create_engine, text

from service.domain.fruit import Fruit
from service.domain.store import UnservableRowError
from service.store.fruit_store import _to_fruit
from service.store.table import find_problem


@pytest.fixture
def problem_of():
    """Returns what is wrong with a table of the columns given."""
    engine = create_engine("sqlite://")

    def problem_of(*columns):
        with engine.begin() as connection:
            if columns:
                connection.execute(text(f"CREATE TABLE fruit ({', '.join(columns)})"))
            return find_problem(connection)

    yield problem_of
    engine.dispose()


@pytest.mark.parametrize("whole", ["INT", "INTEGER", "BIGINT", "SMALLINT"])
@pytest.mark.parametrize("name", ["TEXT", "VARCHAR(40)", "CHAR(9)"])
def test_table_of_whole_numbers_and_text_is_served(problem_of, whole, name):
    assert problem_of(f"id {whole}", f"name {name}", f"quantity {whole}", "other DATE") is None


def test_missing_table_is_named(problem_of):
    assert problem_of() == "table fruit is missing: run db.sql on the database"


@pytest.mark.parametrize("missing", ["id", "name", "quantity"])
def test_missing_column_is_named(problem_of, missing):
    columns = {"id": "id INT", "name": "name TEXT", "quantity": "quantity INT"}
    del columns[missing]

    assert problem_of(*columns.values()) == (
        f"table fruit has no column {missing}: run db.sql on the database"
    )


@pytest.mark.parametrize(
    ("column", "kind", "wanted"),
    [
        ("id", "TEXT", "whole numbers"),
        ("id", "DATE", "whole numbers"),
        ("name", "INTEGER", "text"),
        ("name", "BLOB", "text"),
        ("quantity", "FLOAT", "whole numbers"),
        ("quantity", "VARCHAR", "whole numbers"),
    ],
)
def test_column_of_another_kind_is_named_with_what_it_must_hold(problem_of, column, kind, wanted):
    columns = {"id": "id INT", "name": "name TEXT", "quantity": "quantity INT"}
    columns[column] = f"{column} {kind}"

    assert problem_of(*columns.values()) == (
        f"column {column} of table fruit is {kind}, which holds other than {wanted}: change its "
        "type, as db.sql has it"
    )


@pytest.mark.parametrize(
    ("row", "fruit"),
    [
        ((1, "apple", 100), Fruit(1, "apple", 100)),
        ((1, None, None), Fruit(1, None, None)),
        ((Decimal(1), b"apple", Decimal("100.0")), Fruit(1, "apple", 100)),
        ((1.0, bytearray(b"caf\xc3\xa9"), -7.0), Fruit(1, "caf\xe9", -7)),
        ((1, "x" * 3000, 0), Fruit(1, "x" * 3000, 0)),
    ],
    ids=["plain", "NULL", "DECIMAL and VARBINARY", "DOUBLE", "long"],
)
def test_row_is_served_as_it_is(row, fruit):
    assert _to_fruit(row, 1) == fruit


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((2, "apple", 100), "the database returned a row of another id"),
        (("1a", "apple", 100), "the database returned a row of another id"),
        ((True, "apple", 100), "the database returned a row of another id"),
        ((1.5, "apple", 100), "the database returned a row of another id"),
        ((1, b"\xff", 100), "its name is not text"),
        ((1, 7, 100), "its name is not text"),
        ((1, "apple", "many"), "its quantity is not a whole number"),
        ((1, "apple", Decimal("1.50")), "its quantity is not a whole number"),
        ((1, "apple", 2**63), "its quantity is not a whole number"),
        ((1, "x" * 4096, 100), "its value is longer than 4096 bytes"),
        # 12 bytes each: escaped, as the value in the cache is.
        ((1, "\U0001f34e" * 400, 100), "its value is longer than 4096 bytes"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_row_that_is_no_fruit_is_refused_by_name(row, reason):
    with pytest.raises(UnservableRowError) as error:
        _to_fruit(row, 1)

    assert str(error.value) == f"row 1 of table fruit is not a fruit: {reason}"
