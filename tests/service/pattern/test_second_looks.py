"""Redis pauses while the store is away: what is in the cache is served all the same."""

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


def paused_for(parts, seconds):
    """Have the cache answer again when so much was slept."""
    resumes = parts.clock() + seconds
    parts.cache.down = True

    def sleep(pause):
        parts.clock.advance(pause)
        parts.cache.down = parts.clock() < resumes

    parts.cache_aside._sleep = sleep


@pytest.mark.parametrize("seconds", [0.005, 0.025], ids=["until-the-first", "until-the-second"])
def test_hit_is_served_after_a_second_look(parts, seconds):
    paused_for(parts, seconds)

    lookup = parts.look_up()

    assert (lookup.result, lookup.fruit) == (LookupResult.HIT, APPLE)
    assert parts.observer.lookups() == {"miss": 1, "hit": 1}


def test_lookup_is_an_error_when_both_stay_away(parts):
    paused_for(parts, 60)

    with pytest.raises(StoreUnavailableError):
        parts.look_up()

    assert parts.observer.lookups() == {"miss": 1, "error": 1}


def test_what_was_written_meanwhile_is_not_served_from_the_cache(parts):
    paused_for(parts, 0.005)
    parts.invalidations.invalidate(APPLE.id)

    with pytest.raises(StoreUnavailableError):
        parts.look_up()
