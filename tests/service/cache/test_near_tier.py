"""Which entries the near tier serves, and until when."""

import pytest

from service.cache.near_tier import NearTier
from service.domain.cache import NO_ENTRY, CacheRead
from service.domain.knobs import Knobs, Protection
from tests.service.fakes import FakeClock
from tests.service.parts import APPLE

KNOBS = Knobs(near_seconds=2.0, near_entries=3)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def tier(clock):
    tier = NearTier(clock)
    tier.trust(clock(), 100.0)
    return tier


def keep(tier, clock, fruit_id=1, remaining_ms=60_000, knobs=KNOBS, mark=None):
    read = CacheRead(True, APPLE, remaining_ms)
    mark = tier.mark(fruit_id) if mark is None else mark
    tier.keep(fruit_id, read, mark, clock(), knobs)


def test_entry_is_served_for_its_near_seconds_with_its_ttl_in_redis(tier, clock):
    keep(tier, clock)
    clock.advance(1.5)

    assert tier.find(1) == CacheRead(True, APPLE, 58_500)
    clock.advance(0.5)
    assert tier.find(1) is None


def test_entry_is_never_served_after_it_expired_in_redis(tier, clock):
    keep(tier, clock, remaining_ms=500)
    clock.advance(0.5)

    assert tier.find(1) is None


def test_entry_is_not_served_past_its_soft_expiry(tier, clock):
    stale = Knobs(near_seconds=60.0, protection=Protection.STALE, stale_seconds=30.0)
    keep(tier, clock, remaining_ms=31_000, knobs=stale)
    clock.advance(0.9)
    assert tier.find(1) is not None
    clock.advance(0.1)

    assert tier.find(1) is None


def test_entry_without_a_ttl_is_served_without_one(tier, clock):
    keep(tier, clock, remaining_ms=-1)

    assert tier.find(1) == CacheRead(True, APPLE, -1)


def test_changed_entry_is_dropped_and_its_neighbour_stays(tier, clock):
    keep(tier, clock, 1)
    keep(tier, clock, 2)
    tier.drop_all([1])

    assert tier.find(1) is None
    assert tier.find(2) is not None


def test_entry_that_changed_while_it_was_read_is_not_kept(tier, clock):
    mark = tier.mark(1)
    tier.drop(1)
    keep(tier, clock, mark=mark)

    assert tier.find(1) is None


def test_flush_drops_everything_and_what_was_being_read(tier, clock):
    mark = tier.mark(1)
    keep(tier, clock, 2)
    tier.drop_all()
    keep(tier, clock, mark=mark)

    assert (tier.find(1), tier.find(2)) == (None, None)


def test_oldest_entry_makes_room(tier, clock):
    for fruit_id in (1, 2, 3, 4):
        keep(tier, clock, fruit_id)

    assert [tier.find(fruit_id) is not None for fruit_id in (1, 2, 3, 4)] == [False] + [True] * 3


def test_cached_absence_is_kept_until_its_negative_ttl_ends(tier, clock):
    stale = Knobs(near_seconds=60.0, protection=Protection.STALE, stale_seconds=30.0)
    tier.keep(1, CacheRead(True, None, 5000), tier.mark(1), clock(), stale)
    clock.advance(4.9)

    assert tier.find(1) == CacheRead(True, None, 100)
    clock.advance(0.1)
    assert tier.find(1) is None


def test_id_without_an_entry_in_redis_is_not_kept(tier, clock):
    tier.keep(1, NO_ENTRY, tier.mark(1), clock(), KNOBS)

    assert tier.find(1) is None


def test_nothing_is_served_once_redis_was_silent_for_too_long(tier, clock):
    tier.trust(clock(), 0.5)
    keep(tier, clock)
    clock.advance(0.5)

    assert tier.find(1) is None


def test_nothing_is_kept_of_what_was_read_before_redis_reported_changes(clock):
    tier = NearTier(clock)
    mark, began = tier.mark(1), clock()
    clock.advance(0.1)
    tier.trust(clock(), 100.0)
    tier.keep(1, CacheRead(True, APPLE, 60_000), mark, began, KNOBS)

    assert tier.find(1) is None


def test_broken_listening_ends_every_entry_until_it_is_back(tier, clock):
    keep(tier, clock)
    tier.distrust()
    tier.trust(clock(), 100.0)

    assert tier.find(1) is None
    keep(tier, clock)
    assert tier.find(1) is not None
