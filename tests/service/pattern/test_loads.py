"""Loads, their mean time, and the outcomes of their fills."""

import pytest

from service.domain.cache import Claim, FillOutcome
from service.domain.store import StoreRefusedError, StoreUnavailableError
from tests.service.parts import APPLE, Parts


def claim_of_a_miss(parts):
    """Return the claim of a lookup that misses now."""
    return Claim(parts.cache.generation(1, None)[0], -2)


@pytest.fixture
def parts():
    return Parts()


def test_mean_follows_recent_load_times(parts):
    times = iter([0.1, 0.1, *[0.3] * 30])
    parts.store.on_load = lambda: parts.clock.advance(next(times))
    means = []
    for _ in range(32):
        parts.loads.load(1)
        means.append(parts.loads.mean_seconds)

    assert pytest.approx([0.1, 0.1, 0.14]) == means[:3]
    assert pytest.approx(0.3, abs=0.001) == means[-1]


def test_mean_is_unknown_before_the_first_load(parts):
    assert parts.loads.mean_seconds is None


def test_failed_load_is_left_out_of_the_mean_and_reported_to_the_breaker(parts):
    parts.store.down = True
    with pytest.raises(StoreUnavailableError):
        parts.loads.load(1)

    assert parts.loads.mean_seconds is None
    assert parts.store_breaker.failures == 1


def test_load_that_the_store_refuses_is_no_failure_for_the_breaker(parts):
    def refuse():
        raise StoreRefusedError("deadlock")

    parts.store.on_load = refuse
    with pytest.raises(StoreUnavailableError, match="deadlock"):
        parts.loads.load(1)

    assert (parts.store_breaker.failures, parts.store_breaker.successes) == (0, 1)


def test_load_beyond_the_slots_is_refused_without_a_query():
    parts = Parts(slots=1)
    refused = []

    def load_another():
        parts.store.on_load = lambda: None
        with pytest.raises(StoreUnavailableError, match="too many"):
            parts.loads.load(2)
        refused.append(1)

    parts.store.on_load = load_another
    parts.loads.load(1)

    assert (refused, parts.store.loads) == ([1], 1)


def test_load_longer_than_the_ttl_of_a_generation_does_not_fill(parts):
    parts.store.on_load = lambda: parts.clock.advance(30.5)
    loaded = parts.loads.load_and_fill(1, claim_of_a_miss(parts))

    assert (loaded.fruit, loaded.fill) == (APPLE, FillOutcome.FENCED)
    assert parts.cache.keys() == []


def test_load_of_a_fruit_whose_invalidation_is_pending_does_not_fill(parts):
    parts.cache.down = True
    parts.invalidations.invalidate(1)
    parts.cache.down = False
    loaded = parts.loads.load_and_fill(1, claim_of_a_miss(parts))

    assert loaded.fill == FillOutcome.FENCED


def test_ttl_is_that_of_the_knobs_at_the_time_of_the_fill(parts):
    parts.store.on_load = lambda: parts.set_knobs(ttl_seconds=7)
    parts.loads.load_and_fill(1, claim_of_a_miss(parts))

    assert parts.cache.remaining_ms("fruit:1") == 7000


def test_each_fill_is_counted_once_by_outcome(parts):
    begun = claim_of_a_miss(parts)
    parts.loads.load_and_fill(1, begun)
    parts.loads.load_and_fill(1, begun)
    parts.invalidations.invalidate(1)
    parts.loads.load_and_fill(1, begun)
    parts.cache.down = True
    parts.loads.load_and_fill(1, begun)

    outcomes = {key[1]: n for key, n in parts.observer.counts.items() if key[0] == "fill"}
    assert outcomes == {"stored": 1, "redundant": 1, "fenced": 1, "failed": 1}
