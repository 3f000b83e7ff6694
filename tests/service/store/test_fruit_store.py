"""The store on SQLite: what other stores do otherwise, and failures."""

import threading
import time
from types import SimpleNamespace

import pytest

from service.domain.catalogue import SEED, generate_fruit
from service.domain.fruit import Fruit
from service.domain.store import StoreRefusedError, StoreUnavailableError, UnservableRowError
from service.store import fruit_store
from service.store.fruit_store import FruitStore
from tests.service.fakes import RecordingObserver


@pytest.fixture
def observer():
    return RecordingObserver()


@pytest.fixture
def store(tmp_path, observer):
    store = FruitStore(f"sqlite:///{tmp_path}/fruit.db", 4, observer)
    yield store
    store.close()


def test_new_file_has_the_seed_rows(store):
    assert tuple(store.find(fruit_id, 0) for fruit_id in (1, 2, 3)) == SEED
    assert store.find(4, 0) is None


def test_delay_comes_after_the_row_was_read(store, monkeypatch):
    """A write during the delay does not change the answer, because the row is read before it."""
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        store.replace(Fruit(1, "newer", 1))

    monkeypatch.setattr(fruit_store, "time", SimpleNamespace(**{**vars(time), "sleep": sleep}))

    assert SEED[0] == store.find(1, 0.25)
    assert slept == [0.25]


def test_row_that_violates_another_constraint_is_refused_after_retries(store):
    store.problem()
    with store._writes.connect() as connection:
        connection.exec_driver_sql("CREATE UNIQUE INDEX one_of_a_name ON fruit (name)")

    with pytest.raises(StoreRefusedError) as refused:
        store.replace(Fruit(9, "apple", 1))

    assert "UNIQUE constraint failed" in refused.value.cause


def test_queries_are_counted_by_operation_and_outcome(store, observer):
    store.find(1, 0)
    store.find(99, 0)
    store.replace(Fruit(1, "x", 1))
    store.delete(99)
    store.fill_catalogue(3)
    store.problem()

    assert {key: n for key, n in observer.counts.items() if key[0] == "query"} == {
        ("query", "select", "ok"): 1,
        ("query", "select", "absent"): 1,
        ("query", "replace", "ok"): 1,
        ("query", "delete", "absent"): 1,
        ("query", "catalogue", "ok"): 1,
        ("query", "probe", "ok"): 1,
    }
    assert observer.counts["in-flight"] == 0


def test_working_store_has_no_problem(store):
    assert store.problem() is None


def test_store_whose_loads_use_all_connections_has_no_problem(store, monkeypatch):
    loading, ending = threading.Barrier(5), threading.Event()

    def sleep(_):
        loading.wait(10)
        assert ending.wait(10)

    monkeypatch.setattr(fruit_store, "time", SimpleNamespace(**{**vars(time), "sleep": sleep}))
    loads = [threading.Thread(target=store.find, args=(1, 0.5)) for _ in range(4)]
    for load in loads:
        load.start()
    loading.wait(10)
    problem = store.problem()
    ending.set()
    for load in loads:
        load.join()

    assert problem is None


def test_missing_table_is_reported_with_its_remedy(store):
    store.problem()
    with store._writes.connect() as connection:
        connection.exec_driver_sql("DROP TABLE fruit")

    assert store.problem() == "table fruit is missing: run db.sql on the database"
    with pytest.raises(StoreRefusedError) as refused:
        store.find(1, 0)

    assert "no such table" in refused.value.cause


def test_unreachable_store_is_reported_without_its_password(observer):
    store = FruitStore("mysql+pymysql://root:hunter2@127.0.0.1:1/x", 1, observer)
    with pytest.raises(StoreUnavailableError) as refused:
        store.find(1, 0)

    assert not isinstance(refused.value, StoreRefusedError)
    assert "Can't connect" in refused.value.cause
    assert str(refused.value) == "the database did not answer"
    assert "hunter2" not in refused.value.full
    assert "\n" not in refused.value.full
    assert observer.counts["query", "select", "error"] == 1
    assert store.problem() is not None
    store.close()


def test_generated_fruit_is_deterministic_and_valid():
    names = [generate_fruit(n).name for n in range(1, 5001)]

    assert names == [generate_fruit(n).name for n in range(1, 5001)]
    assert names[:3] == ["apple", "orange", "pear"]
    assert all(0 < len(name) <= 255 for name in names)
    assert all(0 <= generate_fruit(n).quantity < 2**31 for n in (4, 10**7, 2**31 - 1))


@pytest.mark.parametrize(
    ("raised", "words"),
    [
        (IndexError("pop"), "its reply is not one of MySQL (IndexError: pop)"),
        (ConnectionResetError("reset"), "ConnectionResetError: reset"),
    ],
)
def test_whatever_a_driver_trips_over_is_a_database_that_does_not_answer(
    store, observer, monkeypatch, raised, words
):
    def trip(*_):
        raise raised

    monkeypatch.setattr(store, "_first", trip)

    with pytest.raises(StoreUnavailableError, match="the database did not answer") as error:
        store.find(1, 0)
    assert error.value.cause == words
    assert observer.counts["query", "select", "error"] == 1
    assert observer.counts["in-flight"] == 0


def test_row_that_is_no_fruit_is_refused_and_counted_as_an_error(store, observer):
    store.find(1, 0)
    with store._writes.begin() as connection:
        connection.exec_driver_sql("UPDATE fruit SET quantity = 'many' WHERE id = 1")

    with pytest.raises(UnservableRowError, match="its quantity is not a whole number"):
        store.find(1, 0)
    assert observer.counts["query", "select", "error"] == 1


def test_row_that_is_read_again_is_counted_apart_from_loads(store, observer):
    assert store.read_again(1) == store.find(1, 0) == SEED[0]
    assert store.read_again(4) is None

    assert observer.counts["query", "shadow", "ok"] == 1
    assert observer.counts["query", "shadow", "absent"] == 1
    assert observer.counts["query", "select", "ok"] == 1
