"""Two processes on one cache and one store against a model, in random order of everything.

Operations, knobs and faults come as hypothesis draws them. No acknowledged write may be lost, no
read may be older than the mode allows, every lookup must be counted once, and nothing may leak.
"""

import threading
from contextlib import suppress

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from service.domain.cache import InvalidationOutcome
from service.domain.fruit import Fruit
from service.domain.lookup import LookupFailedError
from service.domain.store import StoreUnavailableError
from tests.service.fakes import FakeClock, FakeStore, InMemoryCache
from tests.service.parts import Parts

IDS = st.integers(1, 3)
PROCESSES = st.integers(0, 1)
PROTECTIONS = ["none", "single-flight", "lease", "early", "stale"]
LONGEST_LIFE_SECONDS = 29 + 60 + 30 + 1
"""The longest fenced load, and the longest TTL with its stale time."""


class CacheAside(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        clock = FakeClock()
        self.cache, self.store = InMemoryCache(clock), FakeStore()
        self.clock = clock
        self.processes = [Parts(clock, self.cache, self.store) for _ in range(2)]
        self.rows = {}
        self.lookups = [0, 0]
        self.old = {}
        self.written = 0
        self.threads = threading.active_count()

    @rule(process=PROCESSES, fruit_id=IDS)
    def look_up(self, process, fruit_id):
        self.lookups[process] += 1
        try:
            found = self.processes[process].look_up(fruit_id).fruit
        except LookupFailedError:
            assert self.store.down
            return
        assert found in self.allowed(process, fruit_id)

    @rule(process=PROCESSES, fruit_id=IDS)
    def write(self, process, fruit_id):
        self.written += 1
        fruit = Fruit(fruit_id, "apple", self.written)
        self._write(process, fruit_id, fruit, lambda parts: parts.writes.replace(fruit))

    @rule(process=PROCESSES, fruit_id=IDS)
    def delete(self, process, fruit_id):
        self._write(process, fruit_id, None, lambda parts: parts.writes.delete(fruit_id))

    @rule(reader=PROCESSES, writer=PROCESSES, fruit_id=IDS)
    def write_while_a_load_is_held(self, reader, writer, fruit_id):
        """The load has read the old row when the write is acknowledged."""

        def write_once():
            self.store.on_load = lambda: None
            self.write(writer, fruit_id)

        self.store.on_load = write_once
        self.lookups[reader] += 1
        with suppress(LookupFailedError):
            self.processes[reader].look_up(fruit_id)
        self.store.on_load = lambda: None
        for process in range(2):
            self.look_up(process, fruit_id)

    @rule(writer=PROCESSES, fruit_id=IDS, then_retry=st.booleans())
    def write_while_the_cache_is_away(self, writer, fruit_id, then_retry):
        """Its entry is cached; the other process may serve it until the writer's retry."""
        self.look_up(1 - writer, fruit_id)
        was_down, self.cache.down = self.cache.down, True
        self.write(writer, fruit_id)
        self.cache.down = was_down
        if then_retry:
            self.run_chores(writer)
        for process in range(2):
            self.look_up(process, fruit_id)

    @rule(protection=st.sampled_from(PROTECTIONS), ttl=st.sampled_from([0, 0.4, 5, 60]))
    def turn_knobs(self, protection, ttl):
        for parts in self.processes:
            parts.set_knobs(protection=protection, ttl_seconds=ttl, negative_ttl_seconds=ttl and 5)

    @rule(seconds=st.sampled_from([0.001, 0.3, 4.9, 31, 100]))
    def advance(self, seconds):
        self.clock.advance(seconds)

    @rule(down=st.booleans())
    def break_cache(self, down):
        self.cache.down = down

    @rule(down=st.booleans())
    def break_store(self, down):
        self.store.down = down

    @rule(full=st.booleans())
    def fill_cache_up(self, full):
        self.cache.full = full

    @rule()
    def empty_cache(self):
        self.cache._keys.clear()

    @rule(process=PROCESSES)
    def run_chores(self, process):
        parts = self.processes[process]
        with suppress(StoreUnavailableError):
            parts.run_background()
        parts.invalidations.retry(60)

    @invariant()
    def no_acknowledged_write_is_lost(self):
        assert self.store.rows == {i: row for i, row in self.rows.items() if row}

    @invariant()
    def every_lookup_has_one_result(self):
        counted = [sum(parts.observer.lookups().values()) for parts in self.processes]
        assert counted == self.lookups

    @invariant()
    def nothing_is_held(self):
        assert threading.active_count() == self.threads
        for parts in self.processes:
            assert parts.loads._guard._bulkhead._free == parts.slots

    def allowed(self, process, fruit_id):
        """Return what a lookup may find: the row, and what a pending invalidation leaves."""
        rows = {self.rows.get(fruit_id)}
        writer, until, old = self.old.get(fruit_id, (process, 0.0, set()))
        pending = fruit_id in self.processes[writer].invalidations.pending
        if writer != process and pending and self.clock() <= until:
            rows |= old
        return rows

    def _write(self, process, fruit_id, fruit, send):
        before = self.rows.get(fruit_id)
        try:
            _, outcome = send(self.processes[process])
        except StoreUnavailableError:
            assert self.store.down
            return
        self.rows[fruit_id] = fruit
        if outcome is InvalidationOutcome.DEFERRED:
            _, _, old = self.old.get(fruit_id, (process, 0.0, set()))
            until = self.clock() + LONGEST_LIFE_SECONDS
            self.old[fruit_id] = (process, until, old | {before})


CacheAside.TestCase.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestCacheAside = CacheAside.TestCase
