"""A frozen Redis and a slow store: how long a lookup waits, and how many may wait."""

import itertools
import os
import signal
import time

import pytest

from service.domain.fruit import Fruit
from service.domain.store import StoreRefusedError, StoreUnavailableError
from service.store.fruit_store import FruitStore
from tests.drills.steady_load import SteadyLoad, quantile_ms
from tests.integration.service.service_processes import (
    look_up,
    patch,
    request,
    running,
    samples,
    seen_results,
)
from tests.service.fakes import RecordingObserver

pytestmark = [pytest.mark.integration, pytest.mark.exclusive]


def test_redis_errors_are_counted_and_bounded_in_time(guardian, fresh_redis, tmp_path):
    with running(guardian, fresh_redis.url, f"sqlite:///{tmp_path}/fruit.db") as (server,):
        look_up(server.url, 1)
        os.kill(fresh_redis.pid, signal.SIGSTOP)
        began = time.monotonic()
        answer = look_up(server.url, 1)
        took = time.monotonic() - began
        counted = samples(server.url)
        os.kill(fresh_redis.pid, signal.SIGCONT)

    assert (answer.status, answer.result) == (200, "bypass")
    assert took < 1.0
    assert counted['cacheaside_cache_errors_total{op="read"}'] == 1
    assert counted['cacheaside_breaker_open{dependency="redis"}'] == 1


def test_database_that_refuses_a_row_is_not_unavailable(mariadb_server):
    observer = RecordingObserver()
    store = FruitStore(mariadb_server.url, 2, observer)
    with pytest.raises(StoreRefusedError, match="a value is too long for its column"):
        store.replace(Fruit(1, "x" * 256, 1))
    store.close()
    away = FruitStore(mariadb_server.url.replace("grocerydb", "nowhere"), 2, observer)
    with pytest.raises(StoreUnavailableError, match="database") as unavailable:
        away.find(1, 0)
    away.close()

    assert not isinstance(unavailable.value, StoreRefusedError)


def test_slow_store_gets_limited_queries_and_other_misses_are_refused_at_once(
    guardian, fresh_redis, fresh_mariadb
):
    settings = {"STORE_POOL_SIZE": "4", "THREADS": "32"}
    with running(guardian, fresh_redis.url, fresh_mariadb.url, **settings) as (server,):
        request(server.url, "PUT", "/control/catalogue", {"items": 300})
        look_up(server.url, 1)
        patch(server.url, store_delay_seconds=2.0)
        with SteadyLoad([server.url], itertools.cycle(range(100, 300)), 100) as load:
            time.sleep(1.0)
            hit = look_up(server.url, 1)
            in_flight = samples(server.url)["cacheaside_store_in_flight"]
            time.sleep(0.5)
        seen_results[server.url] += [answer.result for answer in load.answers]

    refused = [answer for answer in load.answers if answer.status == 503]
    assert (in_flight, hit.result) == (4, "hit")
    assert len(refused) > 100
    assert quantile_ms(refused, 0.5) < 100


def test_ending_process_completes_its_pending_invalidations(guardian, fresh_redis, tmp_path):
    with running(guardian, fresh_redis.url, f"sqlite:///{tmp_path}/fruit.db", 2) as (ending, other):
        look_up(other.url, 1)
        os.kill(fresh_redis.pid, signal.SIGSTOP)
        written = request(ending.url, "PUT", "/fruit/1", {"name": "apple", "quantity": 7})
        os.kill(ending.pid, signal.SIGTERM)
        time.sleep(0.7)
        os.kill(fresh_redis.pid, signal.SIGCONT)
        ended_by = time.monotonic() + 5
        while ending.process.exit_code() is None and time.monotonic() < ended_by:
            time.sleep(0.02)
        after = look_up(other.url, 1)

    assert written.headers["Cache-Status"].endswith("invalidation-pending")
    assert ending.process.exit_code() == 0
    assert after.json["data"]["quantity"] == 7
