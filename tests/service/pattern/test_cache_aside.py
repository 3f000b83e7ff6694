"""The seven results of a lookup, and what each takes."""

from contextlib import suppress

import pytest

from service.domain.cache import FillOutcome
from service.domain.fruit import Fruit
from service.domain.lookup import BypassReason, LookupFailedError, LookupResult
from service.domain.store import StoreUnavailableError
from tests.service.parts import APPLE, Parts


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


def test_second_lookup_hits_without_the_store(parts):
    parts.look_up()
    lookup = parts.look_up()

    assert (lookup.fruit, lookup.result) == (APPLE, LookupResult.HIT)
    assert parts.store.loads == 1


def test_hit_tells_the_life_left_and_the_age(parts):
    parts.look_up()
    parts.clock.advance(18.0)
    lookup = parts.look_up()

    assert (lookup.remaining_seconds, lookup.age_seconds) == (42.0, 18.0)
    assert parts.observer.ages == [18.0]


def test_expired_entry_is_loaded_anew(parts):
    parts.look_up()
    parts.clock.advance(60.0)

    assert parts.look_up().result is LookupResult.MISS
    assert parts.store.loads == 2


def test_hit_does_not_renew_the_life(parts):
    parts.look_up()
    for _ in range(3):
        parts.clock.advance(20.0)
        last = parts.look_up()

    assert last.result is LookupResult.MISS


def test_absence_is_cached_for_its_own_time(parts):
    results = [parts.look_up(9).result, parts.look_up(9).result]
    parts.clock.advance(5.0)
    results.append(parts.look_up(9).result)

    assert results == [LookupResult.MISS, LookupResult.NEGATIVE, LookupResult.MISS]


def test_absence_is_not_cached_with_a_negative_ttl_of_zero(parts):
    parts.turn(negative_ttl_seconds=0)

    assert [parts.look_up(9).result for _ in range(3)] == [LookupResult.MISS] * 3
    assert parts.cache.keys() == []


def test_ttl_of_zero_bypasses_the_cache(parts):
    parts.look_up()
    parts.turn(ttl_seconds=0)
    lookup = parts.look_up()

    assert (lookup.result, lookup.bypass) == (LookupResult.BYPASS, BypassReason.OFF)
    assert lookup.fruit == APPLE


def test_unreachable_cache_is_bypassed(parts):
    parts.cache.down = True
    lookup = parts.look_up()

    assert (lookup.result, lookup.bypass) == (LookupResult.BYPASS, BypassReason.UNREACHABLE)
    assert lookup.fruit == APPLE


@pytest.mark.parametrize("protection", ["none", "single-flight", "lease", "early", "stale"])
def test_cache_that_goes_away_between_miss_and_load_is_bypassed(parts, protection):
    parts.turn(protection=protection)
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


def test_store_down_is_an_error_for_misses_and_nothing_for_hits(parts):
    parts.look_up()
    parts.store.down = True

    assert parts.look_up().result is LookupResult.HIT
    with pytest.raises(StoreUnavailableError):
        parts.look_up(2)
    assert parts.observer.lookups() == {"miss": 1, "hit": 1, "error": 1}


@pytest.mark.parametrize("protection", ["none", "single-flight", "lease", "early", "stale"])
def test_error_after_a_miss_tells_what_was_waited_for(parts, protection):
    parts.turn(protection=protection)
    parts.store.find = lambda *_: wait_in_vain(parts)
    with pytest.raises(LookupFailedError) as failed:
        parts.look_up()

    lookup = failed.value.lookup
    assert (lookup.result, lookup.bypass) == (LookupResult.ERROR, None)
    assert (lookup.cache_seconds, lookup.store_seconds) == (0.0, 0.5)


def wait_in_vain(parts):
    parts.clock.advance(0.5)
    raise StoreUnavailableError("down")


@pytest.mark.parametrize(
    ("reason", "prepare"),
    [
        (BypassReason.OFF, lambda parts: parts.turn(ttl_seconds=0)),
        (BypassReason.UNREACHABLE, lambda parts: setattr(parts.cache, "down", True)),
        (BypassReason.INVALIDATION_PENDING, leave_pending),
    ],
)
def test_error_without_the_cache_tells_why_it_was_not_asked(parts, reason, prepare):
    prepare(parts)
    parts.store.down = True
    with pytest.raises(LookupFailedError) as failed:
        parts.look_up()

    assert failed.value.lookup.bypass is reason
    assert failed.value.lookup.cache_seconds is None


def test_store_that_did_not_answer_lately_is_not_asked(parts):
    parts.store_breaker.is_open = True
    with pytest.raises(StoreUnavailableError):
        parts.look_up()

    assert parts.store.loads == 0


@pytest.mark.parametrize("value", [b"{", b"[1]", b'{"id": 2, "name": "x", "quantity": 1}', b""])
def test_poisoned_value_is_a_counted_miss_that_heals_itself(parts, value):
    parts.cache.put("fruit:1", value)
    results = [parts.look_up().result, parts.look_up().result]

    assert results == [LookupResult.MISS, LookupResult.HIT]
    assert parts.observer.counts["error", "decode"] == 1


@pytest.mark.parametrize("protection", ["none", "single-flight", "lease", "early", "stale"])
def test_poisoned_value_heals_under_every_protection(parts, protection):
    parts.turn(protection=protection)
    parts.cache.put("fruit:1", b"\xff")
    parts.look_up()

    assert parts.look_up().result is LookupResult.HIT


def test_jitter_spreads_the_lives_and_hides_the_ages(parts):
    parts.turn(ttl_jitter_ratio=0.5, ttl_seconds=10)
    lives = []
    for parts.spread in (-1.0, 0.0, 1.0):
        parts.cache.clear()
        parts.look_up()
        lives.append(parts.cache.life_ms("fruit:1"))
    parts.clock.advance(100)
    parts.look_up()

    assert lives == [5000, 10_000, 15_000]
    assert parts.look_up().age_seconds is None
    assert parts.observer.ages == []


def test_ages_are_not_told_until_entries_of_another_ttl_are_gone(parts):
    parts.look_up()
    parts.turn(ttl_seconds=10)
    parts.cache.clear()
    parts.look_up()
    parts.clock.advance(5)
    early = parts.look_up()
    parts.clock.advance(57)
    parts.look_up()
    late = parts.look_up()

    assert (early.age_seconds, late.age_seconds) == (None, 0.0)


def test_t15_every_lookup_has_exactly_one_result_whatever_fails(parts):
    def breaks(*_):
        raise ZeroDivisionError

    lookups = 0
    for broken in (False, True):
        if broken:
            parts.store.find = breaks
        for protection in ("none", "single-flight", "lease", "early", "stale"):
            parts.turn(protection=protection)
            for fruit_id, down in ((1, False), (9, False), (1, True), (5, False)):
                parts.cache.down = down
                lookups += 1
                with suppress(StoreUnavailableError, ZeroDivisionError):
                    parts.look_up(fruit_id)
                parts.clock.advance(3)

    assert lookups == sum(parts.observer.lookups().values())


def test_fruit_with_any_name_survives_the_cache(parts):
    fruit = Fruit(1, '"\U0001f34e\\\n', 0)
    parts.store.rows[1] = fruit
    parts.look_up()

    assert fruit == parts.look_up().fruit
