"""A database that hangs or closes connections: how long a write takes, and what is not lost."""

import os
import signal
import threading
import time

import pymysql
import pytest
import redis

from service.domain.fruit import Fruit
from service.domain.store import StoreRefusedError, StoreUnavailableError
from service.store.fruit_store import FruitStore
from tests.drills.drill_report import print_figure
from tests.integration.service.service_processes import look_up, request, running
from tests.service.fakes import RecordingObserver

pytestmark = [pytest.mark.integration, pytest.mark.exclusive]


@pytest.fixture
def store(fresh_mariadb):
    store = FruitStore(fresh_mariadb.url, 2, RecordingObserver())
    yield store
    store.close()


@pytest.fixture
def frozen(fresh_mariadb):
    """Freezes the database until the test ends."""
    yield lambda: os.kill(fresh_mariadb.pid, signal.SIGSTOP)
    os.kill(fresh_mariadb.pid, signal.SIGCONT)


def close_all_connections(server):
    """Close them as the server does after its wait_timeout."""
    with (
        pymysql.connect(host="127.0.0.1", port=server.port, user="root") as admin,
        admin.cursor() as cursor,
    ):
        cursor.execute("SELECT id FROM information_schema.processlist WHERE db = 'grocerydb'")
        for (number,) in cursor.fetchall():
            cursor.execute(f"KILL {number}")


def slow_down_updates(server):
    """Make each UPDATE of a row take a second."""
    with (
        pymysql.connect(
            host="127.0.0.1", port=server.port, user="root", database="grocerydb"
        ) as admin,
        admin.cursor() as cursor,
    ):
        cursor.execute(
            "CREATE TRIGGER slow BEFORE UPDATE ON fruit FOR EACH ROW SET @slept = SLEEP(1)"
        )


def test_write_at_a_hung_database_ends_within_one_deadline(store, frozen):
    store.replace(Fruit(1, "apple", 1))
    frozen()
    began = time.monotonic()
    with pytest.raises(StoreUnavailableError):
        store.replace(Fruit(1, "apple", 2))

    assert time.monotonic() - began < 5.5


@pytest.fixture
def lock(fresh_mariadb):
    """Locks the row of fruit 1, or with a statement something else, until `release`."""
    other = pymysql.connect(
        host="127.0.0.1", port=fresh_mariadb.port, user="root", database="grocerydb"
    )

    def run(statement="SELECT * FROM fruit WHERE id = 1 FOR UPDATE"):
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(statement)
        return other.rollback

    yield run
    other.close()


@pytest.mark.parametrize(
    "statement", ["SELECT * FROM fruit WHERE id = 1 FOR UPDATE", "LOCK TABLES fruit READ"]
)
def test_write_that_waits_for_a_lock_is_refused_and_never_carried_out(store, lock, statement):
    store.replace(Fruit(1, "apple", 1))
    release = lock(statement)
    began = time.monotonic()
    with pytest.raises(StoreRefusedError, match="the database refused the statement"):
        store.replace(Fruit(1, "apple", 2))
    took = time.monotonic() - began
    release()
    time.sleep(0.5)

    assert 1.5 < took < 3.5
    assert store.find(1, 0).quantity == 1


def test_statement_that_might_not_end_in_time_is_not_begun(store, monkeypatch):
    monkeypatch.setattr("service.store.fruit_store.WRITE_TIMEOUT_SECONDS", 2.4)
    with pytest.raises(StoreRefusedError, match="no time is left"):
        store.replace(Fruit(1, "apple", 2))

    assert store.find(1, 0).quantity == 100


def test_entry_cached_while_a_write_hung_goes_once_the_write_has_landed(
    guardian, fresh_redis, fresh_mariadb
):
    """The database took the write, froze until the writer gave up, and carried it out then."""
    with running(guardian, fresh_redis.url, fresh_mariadb.url, 2) as (writer, reader):
        request(writer.url, "PUT", "/fruit/1", {"name": "apple", "quantity": 1})
        look_up(reader.url, 1)
        slow_down_updates(fresh_mariadb)
        freezing = threading.Timer(0.5, os.kill, (fresh_mariadb.pid, signal.SIGSTOP))
        freezing.start()
        answer = request(writer.url, "PUT", "/fruit/1", {"name": "apple", "quantity": 2})
        with redis.Redis.from_url(fresh_redis.url) as client:
            client.set("fruit:1", '{"id": 1, "name": "apple", "quantity": 1}', px=60_000)
        os.kill(fresh_mariadb.pid, signal.SIGCONT)
        ends = time.monotonic() + 5
        while look_up(reader.url, 1).json["data"]["quantity"] == 1:
            assert time.monotonic() < ends
            time.sleep(0.05)

    assert answer.status == 503


def test_readiness_and_lookups_do_not_notice_connections_that_the_server_closed(
    store, fresh_mariadb
):
    assert store.problem() is None
    close_all_connections(fresh_mariadb)
    assert store.problem() is None
    close_all_connections(fresh_mariadb)
    assert store.find(1, 0) is not None
    close_all_connections(fresh_mariadb)
    assert store.replace(Fruit(1, "apple", 3)) is False


def test_write_at_a_hung_database_is_invalidated_before_the_process_ends(
    guardian, fresh_redis, fresh_mariadb, frozen
):
    with running(guardian, fresh_redis.url, fresh_mariadb.url) as (server,):
        request(server.url, "PUT", "/fruit/1", {"name": "apple", "quantity": 1})
        look_up(server.url, 1)
        frozen()
        answers = []
        body = {"name": "apple", "quantity": 2}
        writer = threading.Thread(
            target=lambda: answers.append(request(server.url, "PUT", "/fruit/1", body))
        )
        writer.start()
        time.sleep(0.3)
        began = time.monotonic()
        server.process.terminate()
        code = server.process.wait(15)
        took = time.monotonic() - began
        writer.join()
        with redis.Redis.from_url(fresh_redis.url) as client:
            left = client.exists("fruit:1")

    print_figure(f"SIGTERM during a write at a hung database: exit code {code} after {took:.2f} s")
    assert (code, left, [answer.status for answer in answers]) == (0, 0, [503])
    assert took < 8


@pytest.mark.parametrize("call", ["find", "replace"])
def test_database_that_restarted_while_nobody_asked_costs_nobody_an_error(
    store, fresh_mariadb, call
):
    ask = {
        "find": lambda: store.find(1, 0) is not None,
        "replace": lambda: store.replace(Fruit(1, "apple", 1)) is False,
    }[call]
    assert ask()
    fresh_mariadb.restart()

    assert ask()


def test_load_of_a_hung_database_is_refused_within_a_second(store, frozen):
    store.find(1, 0)
    frozen()
    began = time.monotonic()
    with pytest.raises(StoreUnavailableError):
        store.find(1, 0)

    assert time.monotonic() - began < 1.5
