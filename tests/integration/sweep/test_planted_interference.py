"""Trials that another spoils while they are measured, on real servers: each says what happened."""

import threading
import time
import urllib.request
from dataclasses import dataclass, field

import pymysql
import pytest
import redis

from loadtests.experiments.figures.results import load_results
from loadtests.experiments.plan.fields import Given
from loadtests.experiments.plan.plan import make_plan
from loadtests.experiments.trial.sweep_trials import lay_out, run_sweep
from loadtests.stack.local import LocalStack
from tests.drills.knob_control import call

pytestmark = [
    pytest.mark.integration,
    pytest.mark.long,
    pytest.mark.usefixtures("require_servers"),
]

TTL_SECONDS, ITEMS = 0.5, 40


def leave_alone(_stack):
    pass


def turn_knob(stack):
    call(stack.service_urls[0], "PATCH", "/control/settings", {"ttl_seconds": 5})


def starve_redis(stack):
    with redis.Redis.from_url(stack.redis_url) as client:
        client.config_set("maxmemory-policy", "allkeys-random")
        client.config_set("maxmemory", "1mb")
        time.sleep(1)
        client.config_set("maxmemory", "0")


def write_fruit(stack):
    for item in range(4, 34):
        body = {"name": "planted", "quantity": item}
        call(stack.service_urls[0], "PUT", f"/fruit/{item}", body)


def clear_cache(stack):
    for _ in range(8):
        call(stack.service_urls[0], "DELETE", "/control/cache")
        time.sleep(0.1)


def read_fruit(stack):
    for item in range(300):
        urllib.request.urlopen(f"{stack.service_urls[0]}/fruit/{1 + item % ITEMS}").close()


def slow_down_store(stack):
    connection = pymysql.connect(
        host="127.0.0.1", port=stack.database.port, user="root", database="grocerydb"
    )
    with connection, connection.cursor() as cursor:
        for _ in range(20):
            cursor.execute("LOCK TABLES fruit WRITE")
            time.sleep(0.15)
            cursor.execute("UNLOCK TABLES")
            time.sleep(0.005)


def kill_store(stack):
    stack.database.kill()
    time.sleep(1)
    stack.database.restart()


def delete_entries(stack):
    with redis.Redis.from_url(stack.redis_url) as client:
        for _ in range(20):
            client.delete(*[f"fruit:{item}" for item in range(1, ITEMS + 1)])
            time.sleep(0.1)


def restart_redis(stack):
    stack.redis.restart()


def restart_service(stack):
    stack.services[0].restart()


PLANTS = {
    leave_alone: None,
    turn_knob: "knobs-changed",
    starve_redis: "evictions",
    write_fruit: "foreign-writes",
    clear_cache: "cache-cleared",
    read_fruit: "rate-exceeded",
    slow_down_store: "fill-time-changed",
    kill_store: "store-errors",
    delete_entries: "unlike-replay",
    restart_redis: "redis-restarted",
    restart_service: "service-restarted",
}
# A busy machine changes fill times; and whatever spoils a trial may make it unlike its replay.
INTERFERENCE = set(PLANTS.values()) - {None, "fill-time-changed", "unlike-replay"}


@dataclass
class Planter:
    """A progress that disturbs each trial once, one second after its window has opened."""

    stack: LocalStack
    running: list = field(default_factory=list)

    def phase(self, trial, name):
        if name == "measure":
            plant = list(PLANTS)[trial.number - 1]
            timer = threading.Timer(1.0, plant, [self.stack])
            timer.start()
            self.running.append(timer)

    def loaded(self, _trial, _seconds):
        pass

    def finished(self, _record):
        while self.running:
            self.running.pop().join()


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory):
    """Run a trial for each plant; return the trials' figures by plant."""
    folder = tmp_path_factory.mktemp("spoilt")
    values = {
        "ttl_seconds": str(TTL_SECONDS),
        "repetitions": len(PLANTS),
        "rate": 60,
        "items": ITEMS,
        "window_ttls": 12,
    }
    plan = make_plan({name: Given(value, name) for name, value in values.items()}, {})
    with LocalStack(database="mariadb") as stack:
        run_sweep(lay_out(plan), stack, folder, Planter(stack))
    by_number = {trial.number: trial for trial in load_results(folder).trials}
    return {plant: by_number[number] for number, plant in enumerate(PLANTS, start=1)}


def test_trial_that_is_left_alone_has_no_doubt_about_others(spoilt):
    kinds = {doubt.kind for doubt in spoilt[leave_alone].doubts}

    assert kinds & INTERFERENCE == set()


@pytest.mark.parametrize("plant", list(PLANTS)[1:], ids=lambda plant: plant.__name__)
def test_spoilt_trial_is_not_trusted_and_says_why(spoilt, plant):
    doubts = {doubt.kind: doubt for doubt in spoilt[plant].doubts}

    assert not spoilt[plant].trusted
    if "aborted" in doubts:  # A counter could not be read while a server was away.
        assert plant is restart_service
        assert "cannot be reached" in doubts["aborted"].text
        assert "s after the first arrival" in doubts["aborted"].text
    else:
        assert doubts[PLANTS[plant]].scope == "trial"
        assert doubts.keys() & INTERFERENCE <= {PLANTS[plant]}
