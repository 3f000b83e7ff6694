"""Short pauses of Redis while the store is down: cached entries are still served."""

import pytest

from service.domain.lookup import LookupResult
from service.domain.store import StoreUnavailableError
from tests.service.parts import APPLE, Parts


@pytest.fixture
def parts():
    parts = Parts()
    parts.look_up()
    parts.store.down = True
    return parts


def pause_cache(parts, seconds):
    """Make the cache unavailable until the lookup has slept this many seconds."""
    resumes = parts.clock() + seconds
    parts.cache.down = True

    def sleep(pause):
        parts.clock.advance(pause)
        parts.cache.down = parts.clock() < resumes

    parts.cache_aside._sleep = sleep


@pytest.mark.parametrize(
    "seconds", [0.005, 0.025], ids=["until-the-first-retry", "until-the-second-retry"]
)
def test_hit_is_served_when_the_cache_answers_a_retry(parts, seconds):
    pause_cache(parts, seconds)

    lookup = parts.look_up()

    assert (lookup.result, lookup.fruit) == (LookupResult.HIT, APPLE)
    assert parts.observer.lookups() == {"miss": 1, "hit": 1}


def test_lookup_is_an_error_when_cache_and_store_stay_down(parts):
    pause_cache(parts, 60)

    with pytest.raises(StoreUnavailableError):
        parts.look_up()

    assert parts.observer.lookups() == {"miss": 1, "error": 1}


def test_entry_with_a_pending_invalidation_is_not_served(parts):
    pause_cache(parts, 0.005)
    parts.invalidations.invalidate(APPLE.id)

    with pytest.raises(StoreUnavailableError):
        parts.look_up()


def test_entry_whose_invalidation_becomes_pending_during_the_pause_is_not_served():
    parts = Parts()
    parts.look_up()
    parts.store.down = parts.cache.down = True

    def write_meanwhile(_):
        parts.invalidations.invalidate(APPLE.id)
        parts.cache.down = False

    parts.cache_aside._sleep = write_meanwhile
    with pytest.raises(StoreUnavailableError):
        parts.look_up()
