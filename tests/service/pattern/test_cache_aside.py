"""The eight results of a lookup, and the conditions that lead to each."""

from contextlib import suppress

import pytest

from service.domain.cache import FillOutcome
from service.domain.fruit import Fruit
from service.domain.lookup import BypassReason, LookupFailedError, LookupResult
from service.domain.store import StoreUnavailableError
from tests.service.parts import APPLE, Parts

VALUE = b'{"id": 1, "name": "apple", "quantity": 100}'


@pytest.fixture
def parts():
    return Parts()


def leave_pending(parts):
    parts.cache.down = True
    parts.invalidations.invalidate(1)
    parts.cache.down = False


def test_first_lookup_loads_and_fills(parts):
    lookup = parts.look_up()

    assert (lookup.fruit, lookup.result) == (APPLE, LookupResult.MISS)
    assert lookup.fill == FillOutcome.STORED
    assert parts.cache.keys() == ["fruit:1"]


def test_second_lookup_hits_without_a_query(parts):
    parts.look_up()
    lookup = parts.look_up()

    assert (lookup.fruit, lookup.result) == (APPLE, LookupResult.HIT)
    assert parts.store.loads == 1


def test_hit_reports_remaining_ttl_and_age(parts):
    parts.look_up()
    parts.clock.advance(18.0)
    lookup = parts.look_up()

    assert (lookup.remaining_seconds, lookup.age_seconds) == (42.0, 18.0)
    assert parts.observer.ages == [18.0]


def test_expired_entry_is_loaded_again(parts):
    parts.look_up()
    parts.clock.advance(60.0)

    assert parts.look_up().result is LookupResult.MISS
    assert parts.store.loads == 2


def test_hit_does_not_extend_the_ttl(parts):
    parts.look_up()
    for _ in range(3):
        parts.clock.advance(20.0)
        last = parts.look_up()

    assert last.result is LookupResult.MISS


def test_absence_is_cached_for_the_negative_ttl(parts):
    results = [parts.look_up(9).result, parts.look_up(9).result]
    parts.clock.advance(5.0)
    results.append(parts.look_up(9).result)

    assert results == [LookupResult.MISS, LookupResult.NEGATIVE, LookupResult.MISS]


def test_absence_is_not_cached_with_a_negative_ttl_of_zero(parts):
    parts.set_knobs(negative_ttl_seconds=0)

    assert [parts.look_up(9).result for _ in range(3)] == [LookupResult.MISS] * 3
    assert parts.cache.keys() == []


def test_ttl_of_zero_bypasses_the_cache(parts):
    parts.look_up()
    parts.set_knobs(ttl_seconds=0)
    lookup = parts.look_up()

    assert (lookup.result, lookup.bypass) == (LookupResult.BYPASS, BypassReason.OFF)
    assert lookup.fruit == APPLE


def test_unreachable_cache_is_bypassed(parts):
    parts.cache.down = True
    lookup = parts.look_up()

    assert (lookup.result, lookup.bypass) == (LookupResult.BYPASS, BypassReason.UNREACHABLE)
    assert lookup.fruit == APPLE


@pytest.mark.parametrize("protection", ["none", "single-flight", "lease", "early", "stale"])
def test_cache_that_fails_between_miss_and_load_is_bypassed(parts, protection):
    parts.set_knobs(protection=protection)
    read = parts.cache.read

    def read_and_go(fruit_id):
        found = read(fruit_id)
        parts.cache.down = True
        return found

    parts.cache.read = read_and_go

    assert parts.look_up().result is LookupResult.BYPASS
    assert parts.store.loads == 1


def test_fill_that_fails_does_not_fail_the_lookup(parts):
    parts.cache.full = True
    lookup = parts.look_up()

    assert (lookup.result, lookup.fill) == (LookupResult.MISS, FillOutcome.FAILED)
    assert parts.observer.counts["fill", "failed"] == 1


def test_store_down_is_an_error_for_misses_but_not_for_hits(parts):
    parts.look_up()
    parts.store.down = True

    assert parts.look_up().result is LookupResult.HIT
    with pytest.raises(StoreUnavailableError):
        parts.look_up(2)
    assert parts.observer.lookups() == {"miss": 1, "hit": 1, "error": 1}


@pytest.mark.parametrize("protection", ["none", "single-flight", "lease", "early", "stale"])
def test_error_after_a_miss_reports_the_waiting_times(parts, protection):
    parts.set_knobs(protection=protection)
    parts.store.find = lambda *_: fail_after_waiting(parts)
    with pytest.raises(LookupFailedError) as failed:
        parts.look_up()

    lookup = failed.value.lookup
    assert (lookup.result, lookup.bypass) == (LookupResult.ERROR, None)
    assert (lookup.cache_seconds, lookup.store_seconds) == (0.0, 0.5)


def fail_after_waiting(parts):
    parts.clock.advance(0.5)
    raise StoreUnavailableError("down")


@pytest.mark.parametrize(
    ("reason", "prepare"),
    [
        (BypassReason.OFF, lambda parts: parts.set_knobs(ttl_seconds=0)),
        (BypassReason.UNREACHABLE, lambda parts: setattr(parts.cache, "down", True)),
        (BypassReason.INVALIDATION_PENDING, leave_pending),
    ],
)
def test_error_of_a_bypass_reports_why_the_cache_was_bypassed(parts, reason, prepare):
    prepare(parts)
    parts.store.down = True
    with pytest.raises(LookupFailedError) as failed:
        parts.look_up()

    assert failed.value.lookup.bypass is reason
    assert failed.value.lookup.cache_seconds is None


def test_store_is_not_queried_while_its_breaker_is_open(parts):
    parts.store_breaker.is_open = True
    with pytest.raises(StoreUnavailableError):
        parts.look_up()

    assert parts.store.loads == 0


@pytest.mark.parametrize("value", [b"{", b"[1]", b'{"id": 2, "name": "x", "quantity": 1}', b""])
def test_poisoned_value_is_counted_as_an_error_and_replaced_by_the_miss(parts, value):
    parts.cache.put("fruit:1", value)
    results = [parts.look_up().result, parts.look_up().result]

    assert results == [LookupResult.MISS, LookupResult.HIT]
    assert parts.observer.counts["error", "decode"] == 1


@pytest.mark.parametrize("protection", ["none", "single-flight", "lease", "early", "stale"])
def test_poisoned_value_is_replaced_under_every_protection(parts, protection):
    parts.set_knobs(protection=protection)
    parts.cache.put("fruit:1", b"\xff")
    parts.look_up()

    assert parts.look_up().result is LookupResult.HIT


def test_jitter_spreads_the_ttls_and_hides_the_ages(parts):
    parts.set_knobs(ttl_jitter_ratio=0.5, ttl_seconds=10)
    ttls_ms = []
    for parts.spread in (-1.0, 0.0, 1.0):
        parts.cache.clear()
        parts.look_up()
        ttls_ms.append(parts.cache.remaining_ms("fruit:1"))
    parts.clock.advance(100)
    parts.look_up()

    assert ttls_ms == [5000, 10_000, 15_000]
    assert parts.look_up().age_seconds is None
    assert parts.observer.ages == []


def test_ages_are_hidden_until_entries_of_another_ttl_have_expired(parts):
    parts.look_up()
    parts.set_knobs(ttl_seconds=10)
    parts.cache.clear()
    parts.look_up()
    parts.clock.advance(5)
    early = parts.look_up()
    parts.clock.advance(57)
    parts.look_up()
    late = parts.look_up()

    assert (early.age_seconds, late.age_seconds) == (None, 0.0)


@pytest.mark.parametrize(
    "ttl_ms", [float("inf"), 60_001], ids=["no TTL", "written under another TTL"]
)
def test_age_of_an_entry_that_no_fill_in_force_wrote_is_unknown(parts, ttl_ms):
    parts.cache.put("fruit:1", VALUE, ttl_ms)
    lookup = parts.look_up()

    assert (lookup.result, lookup.age_seconds) == (LookupResult.HIT, None)


def test_age_of_an_absence_is_known_under_jitter(parts):
    parts.set_knobs(ttl_jitter_ratio=0.2)
    parts.look_up(4)
    parts.clock.advance(62)
    parts.look_up(4)
    parts.clock.advance(1)

    assert parts.look_up(4).age_seconds == 1.0


def test_every_lookup_has_exactly_one_result_whatever_fails(parts):
    def breaks(*_):
        raise ZeroDivisionError

    lookups = 0
    for broken in (False, True):
        if broken:
            parts.store.find = breaks
        for protection in ("none", "single-flight", "lease", "early", "stale"):
            parts.set_knobs(protection=protection)
            for fruit_id, down in ((1, False), (9, False), (1, True), (5, False)):
                parts.cache.down = down
                lookups += 1
                with suppress(StoreUnavailableError, ZeroDivisionError):
                    parts.look_up(fruit_id)
                parts.clock.advance(3)

    assert lookups == sum(parts.observer.lookups().values())


def test_fruit_with_any_name_is_cached_unchanged(parts):
    fruit = Fruit(1, '"\U0001f34e\\\n', 0)
    parts.store.rows[1] = fruit
    parts.look_up()

    assert fruit == parts.look_up().fruit


class OneNear:
    """A near tier that keeps one read, and tells how often it was asked."""

    def __init__(self):
        self.kept, self.asked = None, 0

    def find(self, fruit_id):
        del fruit_id
        self.asked += 1
        return self.kept

    def mark(self, fruit_id):
        return fruit_id * 10

    def keep(self, fruit_id, read, mark, began, knobs):
        del began
        assert (mark, knobs.near_seconds) == (fruit_id * 10, 2.0)
        self.kept = read


@pytest.fixture
def near(parts):
    parts.cache_aside._near = OneNear()
    parts.set_knobs(near_seconds=2)
    return parts.cache_aside._near


def test_hit_is_kept_near_and_the_next_lookup_asks_no_cache(parts, near):
    results = [parts.look_up().result, parts.look_up().result]
    parts.cache.down = True
    found = parts.look_up()

    assert results == ["miss", "hit"]
    assert (found.result, found.fruit, found.remaining_seconds) == ("near", APPLE, 60.0)
    assert near.asked == 3
    assert parts.observer.lookups()["near"] == 1


def test_near_tier_is_not_asked_while_it_is_off_or_a_write_is_pending(parts, near):
    parts.look_up()
    parts.look_up()
    parts.invalidations.pending[1] = None
    assert parts.look_up().bypass is BypassReason.INVALIDATION_PENDING
    del parts.invalidations.pending[1]
    parts.set_knobs(near_seconds=0)

    assert (parts.look_up().result, near.asked) == ("hit", 2)
