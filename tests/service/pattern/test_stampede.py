"""Each stampede protection: which lookups load, which wait, and what each returns."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice

import pytest

from service.domain.cache import NO_ENTRY, CacheUnavailableError, Claim, LeaseState
from service.domain.fruit import Fruit
from service.domain.lookup import LookupResult
from service.domain.store import StoreUnavailableError
from service.guards import waiting_room
from tests.service.fakes import RealClock
from tests.service.parts import APPLE, Parts

TEN = 10
HOT = Fruit(9, "hot", 1)


def look_up_together(parts_list, fruit_id=1, threads=TEN):
    """Start lookups that all miss before the first load may end; return their futures."""
    store, missed = parts_list[0].store, threading.Barrier(threads + 1)
    store.holding.clear()
    cache = parts_list[0].cache
    read = cache.read

    def read_and_meet(fruit_id):
        found = read(fruit_id)
        missed.wait(10)
        return found

    cache.read = read_and_meet
    with ThreadPoolExecutor(threads) as pool:
        futures = [
            pool.submit(parts_list[n % len(parts_list)].look_up, fruit_id) for n in range(threads)
        ]
        missed.wait(10)
        cache.read = read
        settle(futures, store)
        store.holding.set()
        return futures


def settle(futures, store):
    """Wait until the lookups that missed have started a load or wait for one."""
    deadline = time.monotonic() + 0.1
    while time.monotonic() < deadline and store.loads < len(futures):
        time.sleep(0.005)


@pytest.fixture
def parts():
    return Parts()


@pytest.fixture
def two():
    """Two processes that share one cache and one store, on a real clock."""
    first = Parts(clock=RealClock())
    return [first, Parts(clock=first.clock, cache=first.cache, store=first.store)]


def results(futures):
    return sorted(str(future.result().result) for future in futures)


def test_every_lookup_loads_without_protection(parts):
    parts.set_knobs(protection="none")

    assert results(look_up_together([parts])) == ["miss"] * TEN
    assert parts.store.loads == TEN
    assert (
        parts.observer.counts["fill", "stored"],
        parts.observer.counts["fill", "redundant"],
    ) == (1, 9)


def test_expired_entry_is_loaded_once_by_ten_threads(parts):
    assert results(look_up_together([parts])) == ["coalesced"] * 9 + ["miss"]
    assert parts.store.loads == 1


def test_lookups_of_a_missing_id_do_not_stampede_with_single_flight(parts):
    parts.set_knobs(negative_ttl_seconds=0)

    assert results(look_up_together([parts], fruit_id=9)) == ["coalesced"] * 9 + ["miss"]
    assert parts.store.loads == 1


def test_failed_load_is_an_error_for_every_waiter(parts):
    parts.store.down = True
    parts.store.find = _find_that_fails_when_released(parts.store)
    futures = look_up_together([parts])

    assert all(isinstance(future.exception(), StoreUnavailableError) for future in futures)
    assert parts.observer.lookups() == {"error": TEN}
    assert parts.store.loads == 1


def _find_that_fails_when_released(store):
    def find(*_):
        store.loads += 1
        assert store.holding.wait(10)
        raise StoreUnavailableError("down")

    return find


@pytest.mark.parametrize("protection", ["single-flight", "lease", "stale"])
def test_hits_continue_and_the_crowd_is_refused_while_the_load_of_a_hot_key_hangs(
    monkeypatch, protection
):
    monkeypatch.setattr(waiting_room, "BURST_SECONDS", 0.05)
    parts = Parts(clock=RealClock(), seats=4)
    parts.store.rows[9] = HOT
    parts.set_knobs(protection=protection)
    parts.look_up(1)
    parts.store.holding.clear()
    with ThreadPoolExecutor(8) as threads:
        crowd = [threads.submit(parts.look_up, 9) for _ in range(24)]
        hit = threads.submit(parts.look_up, 1)
        assert hit.result(timeout=5).result is LookupResult.HIT
        refused = list(islice(as_completed(crowd, timeout=5), 19))
        parts.store.holding.set()

    assert all(isinstance(one.exception(), StoreUnavailableError) for one in refused)
    assert results(set(crowd) - set(refused)) == ["coalesced"] * 4 + ["miss"]


def test_hits_continue_while_others_wait_for_leases_of_another_process(monkeypatch):
    monkeypatch.setattr(waiting_room, "BURST_SECONDS", 0.05)
    parts = Parts(clock=RealClock(), seats=4)
    parts.set_knobs(protection="lease")
    parts.look_up(1)
    for fruit_id in range(10, 34):
        parts.cache.put(f"{{fruit:{fruit_id}}}:lease", b"held:aa", 2000)
    with ThreadPoolExecutor(8) as threads:
        crowd = [threads.submit(parts.look_up, fruit_id) for fruit_id in range(10, 34)]
        began = parts.clock()
        hit = threads.submit(parts.look_up, 1)

        assert hit.result().result is LookupResult.HIT
        assert parts.clock() - began < 1.5
        assert sum(one.done() for one in crowd) >= 16


def test_lookup_after_an_invalidation_does_not_join_an_older_load(parts):
    """Flights are keyed by generation, so a read after the write returns the new row."""
    parts.store.holding.clear()
    loading = threading.Event()
    parts.store.on_load = loading.set
    with ThreadPoolExecutor(2) as pool:
        old = pool.submit(parts.look_up)
        assert loading.wait(10)
        newer = APPLE.__class__(1, "newer", 1)
        parts.writes.replace(newer)
        loading.clear()
        young = pool.submit(parts.look_up)
        assert loading.wait(10)
        parts.store.holding.set()

        assert (APPLE, newer) == (old.result().fruit, young.result().fruit)
    assert newer == parts.look_up().fruit
    assert parts.look_up().result is LookupResult.HIT


def test_lookups_do_not_share_a_load_without_a_generation(parts):
    """As where Redis refuses the script: nothing tells whether a write came between them."""
    parts.cache.generation = lambda *_: ("", NO_ENTRY)
    newer, young = APPLE.__class__(1, "newer", 1), []

    def look_up_after_a_write():
        parts.store.on_load = lambda: None
        parts.writes.replace(newer)
        young.append(parts.look_up())

    parts.store.on_load = look_up_after_a_write

    assert parts.look_up().fruit == APPLE
    assert (young[0].fruit, young[0].result) == (newer, LookupResult.MISS)
    assert parts.look_up().fruit == newer


def test_lookup_that_missed_just_before_a_fill_is_coalesced_with_its_load(parts):
    asked = parts.cache.generation

    def fill_before(fruit_id, seen_ms):
        parts.cache.generation = asked
        parts.cache.fill(1, APPLE, 60_000, Claim("*", -2))
        return asked(fruit_id, seen_ms)

    parts.cache.generation = fill_before
    lookup = parts.look_up()

    assert (lookup.fruit, lookup.result) == (APPLE, LookupResult.COALESCED)
    assert parts.store.loads == 0


def test_lookup_that_missed_just_before_an_unreadable_entry_came_replaces_it(parts):
    asked = parts.cache.generation

    def poison_before(fruit_id, seen_ms):
        parts.cache.generation = asked
        parts.cache.put("fruit:1", b"{", 90_000)
        return asked(fruit_id, seen_ms)

    parts.cache.generation = poison_before

    assert parts.look_up().result is LookupResult.MISS
    assert parts.look_up().result is LookupResult.HIT


def test_lookup_after_a_write_does_not_join_a_load_that_outlasted_the_generation(parts):
    newer, young = APPLE.__class__(1, "newer", 1), []

    def sleep_through_a_write():
        parts.store.on_load = lambda: None
        parts.writes.replace(newer)
        parts.clock.advance(31)
        young.append(parts.look_up())

    parts.store.on_load = sleep_through_a_write

    assert parts.look_up().fruit == APPLE
    assert (young[0].fruit, young[0].result) == (newer, LookupResult.MISS)


def test_read_after_a_write_may_return_the_old_row_with_fencing_off(parts):
    """This shows what fencing protects from."""
    parts.set_knobs(fencing="off")
    parts.store.holding.clear()
    loading = threading.Event()
    parts.store.on_load = loading.set
    with ThreadPoolExecutor(1) as pool:
        old = pool.submit(parts.look_up)
        assert loading.wait(10)
        parts.writes.replace(APPLE.__class__(1, "newer", 1))
        parts.store.holding.set()
        old.result()

    assert parts.look_up().fruit == APPLE


def test_write_by_a_process_with_fencing_still_off_fences_loads_of_other_processes(two):
    reader, writer = two
    writer.set_knobs(fencing="off")
    reader.store.on_load = lambda: writer.writes.replace(APPLE.__class__(1, "newer", 1))

    assert str(reader.look_up().fill) == "fenced"


def test_load_started_without_fencing_does_not_fill_once_fencing_is_on(parts):
    parts.set_knobs(fencing="off")

    def write_when_fencing_is_on():
        parts.store.on_load = lambda: None
        parts.set_knobs(fencing="on")
        parts.writes.replace(APPLE.__class__(1, "newer", 1))

    parts.store.on_load = write_when_fencing_is_on

    assert str(parts.look_up().fill) == "fenced"
    assert parts.look_up().fruit.name == "newer"


def test_lease_ends_with_its_load_although_fencing_was_turned_on_meanwhile(two):
    holder, other = two
    for parts in two:
        parts.set_knobs(protection="lease", fencing="off")
    holder.store.on_load = lambda: holder.set_knobs(fencing="on")

    assert str(holder.look_up().fill) == "fenced"
    assert other.look_up().result is LookupResult.MISS


def test_load_overtaken_by_a_write_does_not_fill(parts):
    parts.set_knobs(protection="none")
    parts.store.on_load = lambda: parts.writes.replace(APPLE.__class__(1, "newer", 1))
    lookup = parts.look_up()
    parts.store.on_load = lambda: None

    assert str(lookup.fill) == "fenced"
    assert parts.look_up().fruit.name == "newer"


def test_lease_loads_once_for_two_processes(two):
    for parts in two:
        parts.set_knobs(protection="lease")

    assert results(look_up_together(two)) == ["coalesced"] * 9 + ["miss"]
    assert two[0].store.loads == 1


def test_lookups_of_a_missing_id_do_not_stampede_with_a_lease(two):
    for parts in two:
        parts.set_knobs(protection="lease", negative_ttl_seconds=0)

    assert results(look_up_together(two, fruit_id=9)) == ["coalesced"] * 9 + ["miss"]
    assert two[0].store.loads == 1


def test_lookup_reads_the_cache_again_before_it_loads_under_a_lease(two):
    """The other process fills between this one's miss and its request for the lease."""
    first, second = two
    for parts in two:
        parts.set_knobs(protection="lease")
    read = first.cache.read

    def read_then_other_fills(fruit_id):
        found = read(fruit_id)
        first.cache.read = read
        second.look_up()
        return found

    first.cache.read = read_then_other_fills

    assert first.look_up().result is LookupResult.COALESCED
    assert first.store.loads == 1


def test_lease_of_another_holder_is_not_released(parts):
    """A holder slower than its lease finds another holder's lease and leaves it in place."""
    parts.set_knobs(protection="lease")

    def outlive_the_lease():
        parts.store.on_load = lambda: None
        parts.clock.advance(2.5)
        parts.cache.put("{fruit:1}:lease", b"held:bb", 2000)

    parts.store.on_load = outlive_the_lease
    parts.look_up()

    assert parts.cache.remaining_ms("{fruit:1}:lease") > 0


def test_lease_of_a_dead_holder_expires(parts):
    parts.set_knobs(protection="lease")
    parts.cache.put("{fruit:1}:lease", b"held:dead", 2000)
    began = parts.clock()

    assert parts.look_up().result is LookupResult.MISS
    assert 1.9 < parts.clock() - began < 2.2


def test_newcomers_in_other_processes_do_not_starve_waiters_for_a_lease(parts):
    """The result of a hot missing id is kept only until the next lookup."""
    parts.set_knobs(protection="lease", negative_ttl_seconds=0)
    holders = iter("abcdef")

    def take():
        claim = Claim("", -2, next(holders))
        reply = parts.cache.acquire(9, claim, 2000, waited_for="", refresh=False)
        assert reply.state is LeaseState.ACQUIRED
        return claim._replace(generation=reply.text)

    held = [take()]

    def pass_on(seconds):
        parts.clock.advance(seconds)
        parts.cache.fill(9, None, 0, held.pop())
        held.append(take())

    parts.lease._sleep = pass_on

    assert parts.look_up(9).result is LookupResult.COALESCED
    assert (held[0].lease, parts.store.loads) == ("b", 0)


def test_failed_load_of_another_process_is_not_repeated_by_waiters(parts):
    parts.set_knobs(protection="lease")
    parts.cache.put("{fruit:1}:lease", b"held:bb", 2000)
    looked = []

    def sleep(seconds):
        parts.clock.advance(seconds)
        looked.append(1)
        if len(looked) == 3:
            parts.cache.put("{fruit:1}:lease", b"failed:", 500)

    parts.lease._sleep = sleep
    with pytest.raises(StoreUnavailableError, match="another process"):
        parts.look_up()
    assert parts.store.loads == 0


def test_lookup_loads_without_a_lease_when_the_cache_is_full(parts):
    parts.set_knobs(protection="lease")
    parts.cache.full = True

    assert parts.look_up().result is LookupResult.MISS
    assert parts.observer.counts["fill", "failed"] == 1


def test_no_lookup_waits_for_a_lease_after_the_cache_became_full_during_a_load(parts):
    parts.set_knobs(protection="lease")
    parts.store.on_load = lambda: setattr(parts.cache, "full", True)
    parts.look_up()
    began = parts.clock()

    assert parts.look_up().result is LookupResult.MISS
    assert began == parts.clock()


def test_waiter_for_a_lease_gives_up_after_its_limit(parts):
    parts.set_knobs(protection="lease")
    parts.cache.put("{fruit:1}:lease", b"held:bb")

    with pytest.raises(StoreUnavailableError, match="too long"):
        parts.look_up()


def test_all_waiters_for_a_lease_bypass_the_cache_when_it_fails(parts):
    parts.set_knobs(protection="lease")
    acquire, followed = parts.cache.acquire, threading.Event()

    def go_away(*args, **options):
        assert followed.wait(10)
        parts.cache.down = True
        return acquire(*args, **options)

    follow = parts.stampede._flights._follow

    def signal_and_follow(flight):
        followed.set()
        return follow(flight)

    parts.cache.acquire, parts.stampede._flights._follow = go_away, signal_and_follow

    assert results(look_up_together([parts], threads=3)) == ["bypass"] * 3


def test_early_refreshes_before_expiry_without_a_waiting_lookup(parts):
    parts.set_knobs(protection="early")
    parts.store.on_load = lambda: parts.clock.advance(0.1)
    parts.look_up()
    parts.clock.advance(59.95)
    parts.draw = 0.9
    lookup = parts.look_up()

    assert (lookup.result, lookup.refresh) == (LookupResult.HIT, True)
    assert parts.store.loads == 1
    parts.run_background()
    assert parts.store.loads == 2
    assert parts.cache.remaining_ms("fruit:1") == 60_000


def test_each_early_refresh_loads(parts):
    parts.set_knobs(protection="early")
    parts.store.on_load = lambda: parts.clock.advance(0.1)
    parts.look_up()
    parts.clock.advance(59.95)
    parts.draw = 0.99
    for _ in range(3):
        assert parts.look_up().refresh
    parts.run_background()

    assert parts.store.loads == 4
    assert (
        parts.observer.counts["fill", "stored"],
        parts.observer.counts["fill", "redundant"],
    ) == (2, 2)


def test_entry_is_a_hit_until_its_last_moment_under_early(parts):
    parts.set_knobs(protection="early")
    parts.look_up()
    parts.clock.advance(59.9996)

    assert parts.look_up().result is LookupResult.HIT


def test_early_does_not_refresh_an_entry_far_from_expiry(parts):
    parts.set_knobs(protection="early")
    parts.store.on_load = lambda: parts.clock.advance(0.1)
    parts.look_up()
    parts.draw = 0.9999

    assert not parts.look_up().refresh


def test_every_lookup_loads_a_cold_key_under_early(parts):
    parts.set_knobs(protection="early")

    assert results(look_up_together([parts])) == ["miss"] * TEN


def test_stale_entry_is_served_while_one_lookup_refreshes(parts):
    parts.set_knobs(protection="stale", ttl_seconds=10, stale_seconds=30)
    parts.look_up()
    parts.clock.advance(12)
    served = [parts.look_up() for _ in range(5)]

    assert [lookup.result for lookup in served] == [LookupResult.STALE] * 5
    assert [lookup.refresh for lookup in served] == [True, False, False, False, False]
    assert served[0].remaining_seconds == -2.0
    parts.run_background()
    assert parts.store.loads == 2
    assert parts.look_up().result is LookupResult.HIT


def test_stale_entry_is_refreshed_once_by_two_processes(two):
    first, second = two
    for parts in two:
        parts.set_knobs(protection="stale", stale_seconds=30, ttl_seconds=10)
    first.cache.put("fruit:1", b'{"id": 1, "name": "apple", "quantity": 100}', 20_000)
    assert first.look_up().result is second.look_up().result is LookupResult.STALE
    second.run_background()
    first.run_background()

    assert first.store.loads == 1


def test_stale_entry_is_served_while_the_store_is_down(parts):
    parts.set_knobs(protection="stale", ttl_seconds=10, stale_seconds=30)
    parts.look_up()
    parts.store.down = True
    for _ in range(10):
        parts.clock.advance(2.5)
        assert parts.look_up().result in {LookupResult.HIT, LookupResult.STALE}
        parts.run_background()
    parts.clock.advance(20)

    with pytest.raises(StoreUnavailableError):
        parts.look_up()


def test_failing_refresh_is_not_repeated_by_every_lookup(parts):
    parts.set_knobs(protection="stale", ttl_seconds=10, stale_seconds=30)
    parts.look_up()
    parts.store.down = True
    parts.clock.advance(15)
    before = parts.store.loads
    for _ in range(100):
        parts.look_up()
        parts.run_background()
        parts.clock.advance(0.001)

    assert parts.store.loads - before == 1


def test_cold_key_is_loaded_once_in_a_process_under_stale(parts):
    parts.set_knobs(protection="stale")

    assert results(look_up_together([parts])) == ["coalesced"] * 9 + ["miss"]


@pytest.mark.parametrize("protection", ["none", "single-flight", "lease", "early", "stale"])
def test_poisoned_entry_of_a_missing_id_is_removed_with_a_negative_ttl_of_zero(parts, protection):
    parts.set_knobs(protection=protection, negative_ttl_seconds=0)
    parts.cache.put("fruit:9", b"{")
    parts.look_up(9)

    assert parts.cache.remaining_ms("fruit:9") == -2
    assert parts.observer.counts["error", "decode"] == 1


def test_refresh_of_a_deleted_row_removes_the_stale_entry_with_a_negative_ttl_of_zero(parts):
    parts.set_knobs(protection="stale", ttl_seconds=10, stale_seconds=3600, negative_ttl_seconds=0)
    parts.look_up()
    parts.store.rows.clear()
    parts.clock.advance(12)

    assert parts.look_up().result is LookupResult.STALE
    parts.run_background()
    assert (parts.look_up().fruit, parts.look_up().result) == (None, LookupResult.MISS)


def test_cached_absence_is_never_served_stale(parts):
    parts.set_knobs(protection="stale", stale_seconds=30)
    parts.look_up(9)

    assert parts.look_up(9).result is LookupResult.NEGATIVE
    assert not parts.background


def test_refresh_overtaken_by_a_write_does_not_fill(parts):
    parts.set_knobs(protection="stale", ttl_seconds=10)
    parts.look_up()
    parts.clock.advance(12)
    parts.look_up()
    parts.store.on_load = lambda: parts.writes.replace(APPLE.__class__(1, "newer", 1))
    parts.run_background()
    parts.store.on_load = lambda: None

    assert parts.look_up().fruit.name == "newer"


def test_refresh_during_an_outage_of_the_cache_ends_quietly(parts):
    parts.set_knobs(protection="early")
    parts.store.on_load = lambda: parts.clock.advance(0.1)
    parts.look_up()
    parts.clock.advance(59.95)
    parts.draw = 0.99
    parts.look_up()
    parts.cache.down = True
    parts.run_background()

    with pytest.raises(CacheUnavailableError):
        parts.cache.read(1)
    parts.cache.down = False
    assert parts.look_up().refresh
