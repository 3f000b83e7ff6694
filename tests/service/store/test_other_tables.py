"""Tables that are not the one of db.sql: served right, or refused at readiness by name."""

from dataclasses import replace

import pymysql
import pytest
import redis

from service.settings import Settings

pytestmark = pytest.mark.integration

NAME = "name VARCHAR(255) NOT NULL"
QUANTITY = "quantity INT NOT NULL"


@pytest.fixture
def database(mariadb_server):
    """Runs statements in an empty database of the shared server."""
    with pymysql.connect(
        host="127.0.0.1", port=mariadb_server.port, user="root", autocommit=True
    ) as admin:

        def run(*statements):
            with admin.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)

        run("DROP DATABASE IF EXISTS other", "CREATE DATABASE other CHARSET utf8mb4", "USE other")
        yield run
        run("DROP DATABASE other", "DROP USER IF EXISTS limited@127.0.0.1")


@pytest.fixture
def settings(mariadb_server, redis_server):
    url = redis_server.url.removesuffix("/0") + "/7"
    with redis.Redis.from_url(url) as server:
        server.flushdb()
        yield Settings(
            redis_url=url,
            database_url=mariadb_server.url.replace("/grocerydb", "/other"),
        )
        server.flushdb()


@pytest.fixture
def client(build, settings):
    return build(settings).test_client()


def table(id="id INT PRIMARY KEY", name=NAME, quantity=QUANTITY):  # noqa: A002
    return f"CREATE TABLE fruit ({id}, {name}, {quantity})"


@pytest.mark.parametrize(
    ("columns", "row", "served"),
    [
        ({"name": "name VARCHAR(255)"}, "(1, NULL, 1)", (None, 1)),
        ({"quantity": "quantity INT"}, "(1, 'apple', NULL)", ("apple", None)),
        ({"quantity": "quantity DECIMAL(10,0)"}, "(1, 'apple', 7)", ("apple", 7)),
        ({"quantity": "quantity BIGINT"}, "(1, 'apple', -9223372036854775808)", None),
        ({"quantity": "quantity BIGINT UNSIGNED"}, "(1, 'apple', 9223372036854775807)", None),
        ({"id": "id BIGINT PRIMARY KEY"}, "(1, 'apple', 7)", ("apple", 7)),
        ({"id": "id DECIMAL(12,0) PRIMARY KEY"}, "(1, 'apple', 7)", ("apple", 7)),
        ({"name": "name TEXT"}, "(1, REPEAT('x', 3000), 7)", ("x" * 3000, 7)),
        ({"name": "name VARCHAR(9) CHARSET latin1"}, "(1, 'caf\xe9', 7)", ("caf\xe9", 7)),
        ({"quantity": "quantity TINYINT, other DATE"}, "(1, 'apple', 7, NULL)", ("apple", 7)),
    ],
    ids=lambda value: str(value)[:50],
)
def test_row_is_served_as_it_is_and_cached(client, database, columns, row, served):
    database(table(**columns), f"INSERT INTO fruit VALUES {row}")
    answers = [client.get("/fruit/1") for _ in range(2)]
    name, quantity = served or ("apple", int(row.split()[-1][:-1]))

    assert [answer.headers["X-Cache"] for answer in answers] == ["MISS", "HIT"]
    for answer in answers:
        assert answer.json["data"] == {"id": 1, "name": name, "quantity": quantity}
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("columns", "row", "column"),
    [
        ({"quantity": "quantity DECIMAL(10,2)"}, "(1, 'apple', 1.50)", "quantity"),
        ({"quantity": "quantity DATE"}, "(1, 'apple', '2026-01-01')", "quantity"),
        ({"quantity": "quantity VARCHAR(9)"}, "(1, 'apple', 'many')", "quantity"),
        ({"quantity": "quantity DOUBLE"}, "(1, 'apple', 1e300)", "quantity"),
        ({"name": "name BLOB"}, "(1, x'ff', 7)", "name"),
        ({"name": "name DATETIME"}, "(1, '2026-01-01', 7)", "name"),
        ({"id": "id VARCHAR(9) PRIMARY KEY"}, "('1a', 'apple', 7)", "id"),
        ({"id": "id DOUBLE PRIMARY KEY"}, "(1.5, 'apple', 7)", "id"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_column_of_another_kind_is_refused_at_readiness_and_its_rows_as_lookups(
    client, database, columns, row, column
):
    database(table(**columns), f"INSERT INTO fruit VALUES {row}")
    looked_up, ready = client.get("/fruit/1"), client.get("/readyz")

    assert ready.status_code == 503
    assert f"column {column} of table fruit is" in ready.json["checks"]["store"]
    assert looked_up.status_code in {503, 404}
    if looked_up.status_code == 503:
        assert "Retry-After" not in looked_up.headers
        assert "row 1 of table fruit is not a fruit" in looked_up.json["error"]


def test_row_with_too_long_a_value_is_refused_and_never_an_endless_miss(client, database):
    database(table(name="name TEXT"), "INSERT INTO fruit VALUES (1, REPEAT('x', 5000), 7)")
    answers = [client.get("/fruit/1") for _ in range(2)]

    assert [answer.headers["X-Cache"] for answer in answers] == ["ERROR", "ERROR"]
    assert "longer than 4096 bytes" in answers[0].json["error"]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("CREATE TABLE fruits (id INT)", "table fruit is missing"),
        ("CREATE TABLE fruit (id INT, name TEXT)", "no column quantity"),
    ],
)
def test_missing_table_or_column_is_named_at_readiness(client, database, statement, words):
    database(statement)

    assert words in client.get("/readyz").json["checks"]["store"]


def test_view_is_served(client, database):
    database(
        "CREATE TABLE stock (number INT PRIMARY KEY, label TEXT, count INT)",
        "INSERT INTO stock VALUES (1, 'apple', 7)",
        "CREATE VIEW fruit AS SELECT number id, label name, count quantity FROM stock",
    )

    assert client.get("/fruit/1").json["data"] == {"id": 1, "name": "apple", "quantity": 7}
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("strict", [True, False], ids=["strict", "not strict"])
@pytest.mark.parametrize(
    ("columns", "body", "words"),
    [
        ({"name": "name VARCHAR(5)"}, {"name": "orange", "quantity": 1}, "too long"),
        ({"quantity": "quantity TINYINT"}, {"name": "a", "quantity": 128}, "out of the range"),
        (
            {"name": "name VARCHAR(9) CHARSET latin1"},
            {"name": "\U0001f34e", "quantity": 1},
            "a character that its column cannot store",
        ),
        ({"quantity": "quantity INT CHECK (quantity < 5)"}, {"name": "a", "quantity": 5}, "CHECK"),
        (
            {"quantity": "quantity INT, other INT NOT NULL"},
            {"name": "a", "quantity": 5},
            "a column that the service does not know needs a value",
        ),
    ],
    ids=["too long", "out of range", "emoji into latin1", "check", "other column"],
)
def test_value_that_the_table_does_not_take_is_a_422(
    client, database, columns, body, words, strict
):
    mode = "DEFAULT" if strict else "''"
    database(table(**columns), f"SET GLOBAL sql_mode = {mode}")
    try:
        written = client.put("/fruit/7", json=body)
    finally:
        database("SET GLOBAL sql_mode = DEFAULT")

    assert written.status_code == 422
    assert words in written.json["error"]
    assert "Retry-After" not in written.headers
    assert client.get("/fruit/7").status_code == 404


def test_catalogue_that_the_table_does_not_take_is_a_422(client, database):
    database(table(id="id TINYINT PRIMARY KEY"))
    filled = client.put("/control/catalogue", json={"items": 200})

    assert filled.status_code == 422
    assert "does not take the id 128" in filled.json["error"]


@pytest.mark.parametrize("rights", ["SELECT", "SELECT, INSERT", "SELECT, UPDATE"])
def test_write_that_the_user_may_not_do_is_a_403(build, settings, database, rights):
    database(
        table(),
        "INSERT INTO fruit VALUES (1, 'apple', 100)",
        "CREATE USER limited@127.0.0.1 IDENTIFIED BY 'pw'",
        f"GRANT {rights} ON other.fruit TO limited@127.0.0.1",
    )
    url = settings.database_url.replace("root", "limited:pw")
    client = build(replace(settings, database_url=url)).test_client()
    body = {"name": "apple", "quantity": 7}
    updated, created = client.put("/fruit/1", json=body), client.put("/fruit/2", json=body)
    deleted, looked_up = client.delete("/fruit/1"), client.get("/fruit/1")

    assert updated.status_code == (200 if "UPDATE" in rights else 403)
    assert (created.status_code, deleted.status_code) == (403, 403)
    assert "the database user may not write" in created.json["error"]
    assert looked_up.status_code == 200
    assert client.get("/readyz").status_code == 200


def test_table_that_the_user_may_not_read_is_refused_at_readiness(build, settings, database):
    database(
        table(),
        "CREATE USER limited@127.0.0.1 IDENTIFIED BY 'pw'",
        "GRANT INSERT ON other.fruit TO limited@127.0.0.1",
    )
    url = settings.database_url.replace("root", "limited:pw")
    client = build(replace(settings, database_url=url)).test_client()

    assert "SELECT command denied" in client.get("/readyz").json["checks"]["store"]
    assert client.get("/fruit/1").status_code == 503
