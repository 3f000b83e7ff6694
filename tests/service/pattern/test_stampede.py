"""Each protection at work: who loads, who waits, who is served what."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from itertools import islice

import pytest

from service.domain.cache import CacheUnavailableError, Claim, LeaseState
from service.domain.fruit import Fruit
from service.domain.lookup import LookupResult
from service.domain.store import StoreUnavailableError
from service.guards import waiting_room
from tests.service.fakes import RealClock
from tests.service.parts import APPLE, Parts

TEN = 10
HOT = Fruit(9, "hot", 1)


def look_up_together(parts_list, fruit_id=1, threads=TEN):
    """Lookups that all miss before the first load may end; gives results in any order."""
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
        asked = [
            pool.submit(parts_list[n % len(parts_list)].look_up, fruit_id) for n in range(threads)
        ]
        missed.wait(10)
        cache.read = read
        settle(asked, store)
        store.holding.set()
        return asked


def settle(asked, store):
    """Give those who missed the time to come to the load or to wait for it."""
    deadline = time.monotonic() + 0.1
    while time.monotonic() < deadline and store.loads < len(asked):
        time.sleep(0.005)


@pytest.fixture
def parts():
    return Parts()


@pytest.fixture
def two():
    """Two processes at one cache and one store; time passes by itself while they wait."""
    first = Parts(clock=RealClock())
    return [first, Parts(clock=first.clock, cache=first.cache, store=first.store)]


def results(asked):
    return sorted(str(future.result().result) for future in asked)


def test_without_protection_everybody_loads(parts):
    parts.turn(protection="none")

    assert results(look_up_together([parts])) == ["miss"] * TEN
    assert parts.store.loads == TEN
    assert (
        parts.observer.counts["fill", "stored"],
        parts.observer.counts["fill", "redundant"],
    ) == (1, 9)


def test_expired_entry_is_loaded_once_by_ten_threads(parts):
    assert results(look_up_together([parts])) == ["coalesced"] * 9 + ["miss"]
    assert parts.store.loads == 1


def test_t1_waiters_of_a_missing_id_do_not_stampede_with_single_flight(parts):
    parts.turn(negative_ttl_seconds=0)

    assert results(look_up_together([parts], fruit_id=9)) == ["coalesced"] * 9 + ["miss"]
    assert parts.store.loads == 1


def test_failed_load_fails_all_who_waited_and_each_is_an_error(parts):
    parts.store.down = True
    parts.store.find = _failing_when_released(parts.store)
    asked = look_up_together([parts])

    assert all(isinstance(future.exception(), StoreUnavailableError) for future in asked)
    assert parts.observer.lookups() == {"error": TEN}
    assert parts.store.loads == 1


def _failing_when_released(store):
    def find(*_):
        store.loads += 1
        assert store.holding.wait(10)
        raise StoreUnavailableError("down")

    return find


@pytest.mark.parametrize("protection", ["single-flight", "lease", "stale"])
def test_hits_go_on_and_the_crowd_is_refused_while_the_load_of_a_hot_key_hangs(
    monkeypatch, protection
):
    monkeypatch.setattr(waiting_room, "BURST_SECONDS", 0.05)
    parts = Parts(clock=RealClock(), seats=4)
    parts.store.rows[9] = HOT
    parts.turn(protection=protection)
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


def test_hits_go_on_while_the_leases_of_another_process_are_waited_for(monkeypatch):
    monkeypatch.setattr(waiting_room, "BURST_SECONDS", 0.05)
    parts = Parts(clock=RealClock(), seats=4)
    parts.turn(protection="lease")
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
    """Flights are keyed by generation: a reader after the write gets what was written."""
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


def test_lookup_after_a_write_does_not_join_a_load_that_slept_until_the_write_was_forgotten(parts):
    newer, young = APPLE.__class__(1, "newer", 1), []

    def sleep_through_a_write():
        parts.store.on_load = lambda: None
        parts.writes.replace(newer)
        parts.clock.advance(31)
        young.append(parts.look_up())

    parts.store.on_load = sleep_through_a_write

    assert parts.look_up().fruit == APPLE
    assert (young[0].fruit, young[0].result) == (newer, LookupResult.MISS)


def test_with_fencing_off_a_reader_after_the_write_may_get_the_old_row(parts):
    """The switch that shows what fencing is for."""
    parts.turn(fencing="off")
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


def test_write_by_a_process_that_has_yet_to_hear_of_fencing_fences_loads_elsewhere(two):
    reader, writer = two
    writer.turn(fencing="off")
    reader.store.on_load = lambda: writer.writes.replace(APPLE.__class__(1, "newer", 1))

    assert str(reader.look_up().fill) == "fenced"


def test_load_begun_without_fencing_does_not_fill_once_it_is_on(parts):
    parts.turn(fencing="off")

    def write_when_fencing_is_on():
        parts.store.on_load = lambda: None
        parts.turn(fencing="on")
        parts.writes.replace(APPLE.__class__(1, "newer", 1))

    parts.store.on_load = write_when_fencing_is_on

    assert str(parts.look_up().fill) == "fenced"
    assert parts.look_up().fruit.name == "newer"


def test_lease_ends_with_its_load_though_fencing_was_turned_on_during_it(two):
    holder, other = two
    for parts in two:
        parts.turn(protection="lease", fencing="off")
    holder.store.on_load = lambda: holder.turn(fencing="on")

    assert str(holder.look_up().fill) == "fenced"
    assert other.look_up().result is LookupResult.MISS


def test_t7_load_overtaken_by_a_write_does_not_fill(parts):
    parts.turn(protection="none")
    parts.store.on_load = lambda: parts.writes.replace(APPLE.__class__(1, "newer", 1))
    lookup = parts.look_up()
    parts.store.on_load = lambda: None

    assert str(lookup.fill) == "fenced"
    assert parts.look_up().fruit.name == "newer"


def test_lease_loads_once_for_two_processes(two):
    for parts in two:
        parts.turn(protection="lease")

    assert results(look_up_together(two)) == ["coalesced"] * 9 + ["miss"]
    assert two[0].store.loads == 1


def test_t1_waiters_of_a_missing_id_do_not_stampede_with_a_lease(two):
    for parts in two:
        parts.turn(protection="lease", negative_ttl_seconds=0)

    assert results(look_up_together(two, fruit_id=9)) == ["coalesced"] * 9 + ["miss"]
    assert two[0].store.loads == 1


def test_t2_lease_holder_looks_again_before_it_loads(two):
    """The other process filled between this one's miss and its asking for the lease."""
    first, second = two
    for parts in two:
        parts.turn(protection="lease")
    read = first.cache.read

    def read_then_other_fills(fruit_id):
        found = read(fruit_id)
        first.cache.read = read
        second.look_up()
        return found

    first.cache.read = read_then_other_fills

    assert first.look_up().result is LookupResult.COALESCED
    assert first.store.loads == 1


def test_t3_lease_of_another_is_not_released(parts):
    """A holder slower than its lease finds another's there and leaves it."""
    parts.turn(protection="lease")

    def outlive_the_lease():
        parts.store.on_load = lambda: None
        parts.clock.advance(2.5)
        parts.cache.put("{fruit:1}:lease", b"held:bb", 2000)

    parts.store.on_load = outlive_the_lease
    parts.look_up()

    assert parts.cache.life_ms("{fruit:1}:lease") > 0


def test_lease_of_a_dead_holder_ends_by_itself(parts):
    parts.turn(protection="lease")
    parts.cache.put("{fruit:1}:lease", b"held:dead", 2000)
    began = parts.clock()

    assert parts.look_up().result is LookupResult.MISS
    assert 1.9 < parts.clock() - began < 2.2


def test_newcomers_elsewhere_do_not_keep_those_who_wait_for_a_lease_from_an_answer(parts):
    """Each result of a hot missing id lies there no longer than until the next lookup."""
    parts.turn(protection="lease", negative_ttl_seconds=0)
    holders = iter("abcdef")

    def take():
        claim = Claim("", -2, next(holders))
        reply = parts.cache.acquire(9, claim, 2000, waited_for="", refresh=False)
        assert reply.state is LeaseState.ACQUIRED
        return replace(claim, generation=reply.text)

    held = [take()]

    def pass_on(seconds):
        parts.clock.advance(seconds)
        parts.cache.fill(9, None, 0, held.pop())
        held.append(take())

    parts.lease._sleep = pass_on

    assert parts.look_up(9).result is LookupResult.COALESCED
    assert (held[0].lease, parts.store.loads) == ("b", 0)


def test_failed_load_of_another_process_is_not_repeated_by_those_who_waited(parts):
    parts.turn(protection="lease")
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


def test_lease_is_not_needed_to_load_where_the_cache_is_full(parts):
    parts.turn(protection="lease")
    parts.cache.full = True

    assert parts.look_up().result is LookupResult.MISS
    assert parts.observer.counts["fill", "failed"] == 1


def test_cache_that_fills_up_during_a_load_makes_nobody_wait_for_the_lease(parts):
    parts.turn(protection="lease")
    parts.store.on_load = lambda: setattr(parts.cache, "full", True)
    parts.look_up()
    began = parts.clock()

    assert parts.look_up().result is LookupResult.MISS
    assert began == parts.clock()


def test_waiter_of_a_lease_gives_up_in_the_end(parts):
    parts.turn(protection="lease")
    parts.cache.put("{fruit:1}:lease", b"held:bb")

    with pytest.raises(StoreUnavailableError, match="too long"):
        parts.look_up()


def test_all_who_wait_for_a_lease_bypass_the_cache_when_it_goes(parts):
    parts.turn(protection="lease")
    acquire, followed = parts.cache.acquire, threading.Event()

    def go_away(*args, **options):
        assert followed.wait(10)
        parts.cache.down = True
        return acquire(*args, **options)

    follow = parts.stampede._flights._follow

    def tell_and_follow(flight):
        followed.set()
        return follow(flight)

    parts.cache.acquire, parts.stampede._flights._follow = go_away, tell_and_follow

    assert results(look_up_together([parts], threads=3)) == ["bypass"] * 3


def test_early_refreshes_before_expiry_and_nobody_waits(parts):
    parts.turn(protection="early")
    parts.store.on_load = lambda: parts.clock.advance(0.1)
    parts.look_up()
    parts.clock.advance(59.95)
    parts.draw = 0.9
    lookup = parts.look_up()

    assert (lookup.result, lookup.refresh) == (LookupResult.HIT, True)
    assert parts.store.loads == 1
    parts.run_background()
    assert parts.store.loads == 2
    assert parts.cache.life_ms("fruit:1") == 60_000


def test_t5_early_does_refresh_and_each_trigger_loads(parts):
    parts.turn(protection="early")
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


def test_early_knows_no_stale_entry_even_in_its_last_moment(parts):
    parts.turn(protection="early")
    parts.look_up()
    parts.clock.advance(59.9996)

    assert parts.look_up().result is LookupResult.HIT


def test_early_leaves_an_entry_alone_that_lives_long(parts):
    parts.turn(protection="early")
    parts.store.on_load = lambda: parts.clock.advance(0.1)
    parts.look_up()
    parts.draw = 0.9999

    assert not parts.look_up().refresh


def test_cold_key_is_loaded_by_everybody_under_early(parts):
    parts.turn(protection="early")

    assert results(look_up_together([parts])) == ["miss"] * TEN


def test_stale_entry_is_served_while_one_refreshes(parts):
    parts.turn(protection="stale", ttl_seconds=10, stale_seconds=30)
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
        parts.turn(protection="stale", stale_seconds=30, ttl_seconds=10)
    first.cache.put("fruit:1", b'{"id": 1, "name": "apple", "quantity": 100}', 20_000)
    assert first.look_up().result is second.look_up().result is LookupResult.STALE
    second.run_background()
    first.run_background()

    assert first.store.loads == 1


def test_stale_entry_is_served_while_the_store_is_down(parts):
    parts.turn(protection="stale", ttl_seconds=10, stale_seconds=30)
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
    parts.turn(protection="stale", ttl_seconds=10, stale_seconds=30)
    parts.look_up()
    parts.store.down = True
    parts.clock.advance(15)
    before = parts.store.loads
    for _ in range(100):
        parts.look_up()
        parts.run_background()
        parts.clock.advance(0.001)

    assert parts.store.loads - before == 1


def test_cold_key_is_loaded_once_in_the_process_under_stale(parts):
    parts.turn(protection="stale")

    assert results(look_up_together([parts])) == ["coalesced"] * 9 + ["miss"]


@pytest.mark.parametrize("protection", ["none", "single-flight", "lease", "early", "stale"])
def test_poisoned_entry_of_a_missing_id_heals_though_absence_is_not_kept(parts, protection):
    parts.turn(protection=protection, negative_ttl_seconds=0)
    parts.cache.put("fruit:9", b"{")
    parts.look_up(9)

    assert parts.cache.life_ms("fruit:9") == -2
    assert parts.observer.counts["error", "decode"] == 1


def test_refresh_that_finds_the_row_gone_ends_the_stale_entry_though_absence_is_not_kept(parts):
    parts.turn(protection="stale", ttl_seconds=10, stale_seconds=3600, negative_ttl_seconds=0)
    parts.look_up()
    parts.store.rows.clear()
    parts.clock.advance(12)

    assert parts.look_up().result is LookupResult.STALE
    parts.run_background()
    assert (parts.look_up().fruit, parts.look_up().result) == (None, LookupResult.MISS)


def test_cached_absence_is_never_served_stale(parts):
    parts.turn(protection="stale", stale_seconds=30)
    parts.look_up(9)

    assert parts.look_up(9).result is LookupResult.NEGATIVE
    assert not parts.background


def test_refresh_overtaken_by_a_write_does_not_fill(parts):
    parts.turn(protection="stale", ttl_seconds=10)
    parts.look_up()
    parts.clock.advance(12)
    parts.look_up()
    parts.store.on_load = lambda: parts.writes.replace(APPLE.__class__(1, "newer", 1))
    parts.run_background()
    parts.store.on_load = lambda: None

    assert parts.look_up().fruit.name == "newer"


def test_refresh_while_the_cache_is_away_ends_quietly(parts):
    parts.turn(protection="early")
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
