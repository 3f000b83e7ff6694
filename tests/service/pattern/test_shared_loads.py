"""Loads that several lookups share, across seconds and after failures."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.domain.lookup import LookupFailedError, LookupResult
from tests.service.fakes import FakeClock
from tests.service.parts import Parts


@pytest.mark.parametrize("protection", ["single-flight", "stale"])
def test_lookups_on_both_sides_of_a_full_second_share_one_load(protection):
    parts = Parts(clock=FakeClock(1000.9))
    parts.set_knobs(protection=protection)
    flights = parts.stampede._flights
    loading, followed = threading.Event(), threading.Event()
    parts.store.holding.clear()
    parts.store.on_load = loading.set
    follow = flights._follow
    flights._follow = lambda flight: followed.set() or follow(flight)
    with ThreadPoolExecutor(2) as pool:
        leader = pool.submit(parts.look_up)
        assert loading.wait(10)
        parts.clock.advance(0.2)
        follower = pool.submit(parts.look_up)
        assert followed.wait(10)
        parts.store.holding.set()

        assert [leader.result(10).result, follower.result(10).result] == [
            LookupResult.MISS,
            LookupResult.COALESCED,
        ]
    assert parts.store.loads == 1


def test_load_that_fails_ends_its_lease_so_that_nobody_waits_for_it():
    parts = Parts()
    parts.set_knobs(protection="lease")
    parts.store.down = True
    with pytest.raises(LookupFailedError):
        parts.look_up()
    parts.store.down = False
    began = parts.clock()

    assert parts.look_up().result is LookupResult.MISS
    assert parts.clock() == began
