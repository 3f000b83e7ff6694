"""Two processes on a real Redis and a real database against a model, in random order of everything.

Each has a network of its own to Redis, which operations break and heal between lookups, writes and
turned knobs. At the end of each example nothing of it is left: connections, threads, descriptors,
leases.
"""

import itertools
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import pymysql
import pytest
import redis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from loadtests.stack.faults.tcp_proxy import TcpProxy
from service.assembly import assemble
from service.domain.cache import InvalidationOutcome
from service.domain.fruit import Fruit
from service.domain.lookup import LookupFailedError, LookupResult
from service.domain.store import StoreUnavailableError
from service.settings import Settings

pytestmark = pytest.mark.integration

IDS = st.integers(0, 2)
PROCESSES = st.integers(0, 1)
PROTECTIONS = ["none", "single-flight", "lease", "early", "stale"]
THREADS, POOL_SIZE = 4, 2
REDIS_TIMEOUT_SECONDS = 0.05
WELL_WITHIN_SECONDS = 5.0
# What Redis says of a change reaches the near tiers well within this time.
NEAR_LAG_SECONDS = 1.0

# Beyond every catalogue that another test may have left in the same database.
FIRST_ID = 2_000_000_000
_numbers = itertools.count(10)


@dataclass
class Servers:
    """What the processes of every example run on.

    Attributes:
        redis_port: A Redis of their own.
        database_url: The store, without its network.
        database_port: None for SQLite.
    """

    redis_port: int
    database_url: str
    database_port: int | None

    def held(self):
        """Return what processes hold now: threads, descriptors, connections, leases."""
        named = [thread.name for thread in threading.enumerate()]
        with redis.Redis(port=self.redis_port) as admin:
            clients = [one for one in admin.client_list() if one["id"] != str(admin.client_id())]
            leases = [admin.get(key) for key in admin.keys("{fruit:*}:lease")]
        found = {
            # One for the life of a process, which ends with it.
            "threads": len([name for name in named if not name.startswith("late-replies")]),
            "connections to Redis": len(clients),
            "connections to the database": 0,
            "held leases": sum(b"held:" in (lease or b"") for lease in leases),
        }
        if self.database_port is not None:
            with pymysql.connect(host="127.0.0.1", port=self.database_port, user="root") as admin:
                cursor = admin.cursor()
                cursor.execute("SELECT count(*) FROM information_schema.processlist")
                found["connections to the database"] = cursor.fetchone()[0] - 1
        return found | {"descriptors": len(list(Path("/proc/self/fd").iterdir()))}


class CacheAsideOnServers(RuleBasedStateMachine):
    def __init__(self, servers):
        super().__init__()
        self.servers = servers
        self.ending = ExitStack()
        self.before = servers.held()
        self.networks = [
            self.ending.enter_context(TcpProxy(servers.redis_port)) for _ in PROTECTIONS[:2]
        ]
        self.to_database, url = None, servers.database_url
        if servers.database_port is not None:
            self.to_database = self.ending.enter_context(TcpProxy(servers.database_port))
            url = url.replace(f":{servers.database_port}/", f":{self.to_database.port}/")
        self.processes = [
            assemble(
                Settings(
                    redis_url=f"redis://127.0.0.1:{network.port}/0",
                    database_url=url,
                    threads=THREADS,
                    store_pool_size=POOL_SIZE,
                    redis_timeout_seconds=REDIS_TIMEOUT_SECONDS,
                )
            )
            for network in self.networks
        ]
        for process in self.processes:
            assert process.start()
        first = FIRST_ID + 3 * next(_numbers)
        self.ids = [first, first + 1, first + 2]
        self.rows = {fruit_id: {None} for fruit_id in self.ids}
        self.old = {fruit_id: (0, 0.0, set()) for fruit_id in self.ids}
        self.lookups = [0, 0]
        self.written = 0
        self.store_down = False
        self.near_was_on = False
        self.reply_was_lost = False

    @rule(process=PROCESSES, which=IDS)
    def look_up(self, process, which):
        fruit_id = self.ids[which]
        self.lookups[process] += 1
        allowed = self.allowed(process, fruit_id)
        try:
            found = self.processes[process].cache_aside.look_up(fruit_id).fruit
        except LookupFailedError:
            assert self.store_down
            return
        assert found in allowed

    @rule(process=PROCESSES, which=IDS)
    def write(self, process, which):
        self.written += 1
        fruit = Fruit(self.ids[which], "apple", self.written)
        self._write(process, fruit.id, fruit, lambda writes: writes.replace(fruit))

    @rule(process=PROCESSES, which=IDS)
    def delete(self, process, which):
        fruit_id = self.ids[which]
        self._write(process, fruit_id, None, lambda writes: writes.delete(fruit_id))

    @rule(writer=PROCESSES, which=IDS)
    def write_what_the_other_has_cached(self, writer, which):
        self.look_up(1 - writer, which)
        self.write(writer, which)
        for process in range(2):
            self.look_up(process, which)

    @rule(
        process=PROCESSES,
        protection=st.sampled_from(PROTECTIONS),
        ttl=st.sampled_from([0, 0.05, 5, 60]),
        near=st.sampled_from([0, 0, 5]),
    )
    def turn_knobs(self, process, protection, ttl, near):
        self.near_was_on = self.near_was_on or near > 0
        self.processes[process].change_knobs(
            {"protection": protection, "ttl_seconds": ttl, "near_seconds": near}
        )

    @rule(seconds=st.sampled_from([0.01, 0.06]))
    def wait(self, seconds):
        time.sleep(seconds)

    @rule(process=PROCESSES, how=st.sampled_from(["cut", "swallow"]))
    def break_network_to_redis(self, process, how):
        getattr(self.networks[process], how)()

    @rule(process=PROCESSES)
    def heal_network_to_redis(self, process):
        self.networks[process].heal()

    @rule(down=st.booleans())
    def break_database(self, down):
        if self.to_database is None:
            return
        if down:
            self.store_down = True
            self.to_database.cut()
        else:
            self._heal_database()

    @rule()
    def empty_redis(self):
        with redis.Redis(port=self.servers.redis_port) as admin:
            admin.flushall()

    @invariant()
    def every_lookup_has_one_result(self):
        assert [_counted(process) for process in self.processes] == self.lookups

    def allowed(self, process, fruit_id):
        """Return what a lookup may find: the row, and what a pending invalidation leaves."""
        writer, at, old = self.old[fruit_id]
        pending = self.processes[writer].writes._invalidations.pending
        late = self.near_was_on and time.monotonic() < at + NEAR_LAG_SECONDS
        if writer != process and (fruit_id in pending or late):
            return self.rows[fruit_id] | old
        return self.rows[fruit_id]

    def teardown(self):
        try:
            for network in self.networks:
                network.heal()
            self._heal_database()
            for process in range(2):
                self._until_well(process)
            for process in range(2):
                for which in range(3):
                    self.look_up(process, which)
            self._nothing_is_held_that_no_limit_allows()
        finally:
            for process in self.processes:
                process.close(1.0)
            self.ending.close()
        self._nothing_is_left()

    def _nothing_is_held_that_no_limit_allows(self):
        most = {
            # Of each process: chores, near listener, a probe of each breaker, its refreshes.
            "threads": self.before["threads"] + 3 + 2 * (4 + POOL_SIZE),
            "connections to Redis": 2 * (2 * THREADS + 4),
            "connections to the database": 2 * (POOL_SIZE + 4),
            "held leases": 0,
        }
        self._wait_for_no_more_than(most)

    def _nothing_is_left(self):
        self._wait_for_no_more_than(self.before | {"held leases": 0})

    def _wait_for_no_more_than(self, most):
        ends = time.monotonic() + WELL_WITHIN_SECONDS
        while True:
            held = self.servers.held()
            more = {name: (held[name], n) for name, n in most.items() if held[name] > n}
            if not more:
                return
            names = sorted(thread.name for thread in threading.enumerate())
            assert time.monotonic() < ends, f"held, and the most: {more}; threads: {names}"
            time.sleep(0.02)

    def _heal_database(self):
        if self.store_down:
            self.to_database.heal()
            ends = time.monotonic() + WELL_WITHIN_SECONDS
            for process in range(2):
                while not self._answers(process):
                    assert time.monotonic() < ends, "lookups fail after the database is back"
                    time.sleep(0.02)
            self.store_down = False

    def _answers(self, process):
        """Return whether a lookup that must ask the store is answered."""
        self.lookups[process] += 1
        with suppress(LookupFailedError):
            self.processes[process].cache_aside.look_up(FIRST_ID - next(_numbers))
            return True
        return False

    def _until_well(self, process):
        ends = time.monotonic() + WELL_WITHIN_SECONDS
        checks = self.processes[process].checks
        pending = self.processes[process].writes._invalidations.pending
        while any(check() for check in checks.values()) or (pending and not self.reply_was_lost):
            assert time.monotonic() < ends, "not well after everything was healed"
            time.sleep(0.02)

    def _write(self, process, fruit_id, fruit, send):
        before = self.rows[fruit_id]
        try:
            _, outcome = send(self.processes[process].writes)
        except StoreUnavailableError:
            assert self.store_down
            # It may be carried out later: its invalidation stays pending for some seconds.
            self.reply_was_lost = True
            return
        self.rows[fruit_id] = {fruit}
        if outcome is InvalidationOutcome.DEFERRED or self.near_was_on:
            self.old[fruit_id] = (process, time.monotonic(), before | self.old[fruit_id][2])
        else:
            self.old[fruit_id] = (process, 0.0, set())


def _counted(process):
    lines = process.page(["cacheaside_lookups_total"]).decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if not line.startswith("#"))


def examples(number):
    return settings(
        max_examples=number,
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        database=None,
        # A shorter example is not worth minutes of waiting for what is never given back.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture
def on_sqlite(fresh_redis, tmp_path):
    return Servers(fresh_redis.port, f"sqlite:///{tmp_path}/fruit.db", None)


@pytest.fixture
def on_mariadb(fresh_redis, mariadb_server):
    return Servers(fresh_redis.port, mariadb_server.url, mariadb_server.port)


SHORT = pytest.param(6, id="6 examples")
LONG = pytest.param(150, id="150 examples", marks=pytest.mark.accept)


@pytest.mark.parametrize("number", [SHORT, LONG])
def test_processes_on_redis_and_sqlite_keep_to_the_model_and_leave_nothing(on_sqlite, number):
    run_state_machine_as_test(lambda: CacheAsideOnServers(on_sqlite), settings=examples(number))

    assert on_sqlite.held()["held leases"] == 0


@pytest.mark.parametrize("number", [SHORT, LONG])
def test_processes_on_redis_and_mariadb_keep_to_the_model_and_leave_nothing(on_mariadb, number):
    run_state_machine_as_test(lambda: CacheAsideOnServers(on_mariadb), settings=examples(number))

    assert on_mariadb.held()["held leases"] == 0


def test_closed_process_leaves_no_thread_of_a_refresh(on_sqlite):
    process = assemble(
        Settings(
            redis_url=f"redis://127.0.0.1:{on_sqlite.redis_port}/0",
            database_url=on_sqlite.database_url,
        )
    )
    assert process.start()
    process.change_knobs({"protection": "stale", "ttl_seconds": 0.05, "stale_seconds": 60})
    while process.cache_aside.look_up(1).result is not LookupResult.STALE:
        time.sleep(0.01)
    refreshing = [thread for thread in threading.enumerate() if thread.name.startswith("refresh")]

    process.close(1.0)
    for thread in refreshing:
        thread.join(WELL_WITHIN_SECONDS)

    assert [thread.is_alive() for thread in refreshing] == [False]
