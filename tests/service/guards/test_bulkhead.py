"""Which callers enter a bulkhead, which wait, and which are refused."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from service.domain.store import StoreUnavailableError
from service.guards.bulkhead import Bulkhead
from tests.service.fakes import FakeClock


def test_only_as_many_callers_enter_as_there_are_slots():
    bulkhead = Bulkhead(2, 0, 0.0)
    with (
        bulkhead.enter(),
        bulkhead.enter(),
        pytest.raises(StoreUnavailableError, match="too many"),
        bulkhead.enter(),
    ):
        pass


def test_slot_is_free_again_after_an_error():
    bulkhead = Bulkhead(1, 0, 0.0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), bulkhead.enter():
            raise ZeroDivisionError


def test_impatient_caller_does_not_wait():
    bulkhead = Bulkhead(1, 10, 60.0)
    with (
        bulkhead.enter(),
        pytest.raises(StoreUnavailableError),
        bulkhead.enter(patient=False),
    ):
        pass


def test_waiter_enters_when_a_slot_is_free():
    bulkhead = Bulkhead(1, 1, 60.0, clock=FakeClock())
    inside, leaving = threading.Event(), threading.Event()

    def hold():
        with bulkhead.enter():
            inside.set()
            assert leaving.wait(10)

    def follow():
        with bulkhead.enter():
            return "in"

    with ThreadPoolExecutor(2) as pool:
        holder = pool.submit(hold)
        assert inside.wait(10)
        follower = pool.submit(follow)
        while not bulkhead._waiting:
            time.sleep(0)
        leaving.set()
        assert follower.result(10) == "in"
        holder.result(10)


def test_no_caller_waits_for_slots_that_hang():
    clock = FakeClock()
    bulkhead = Bulkhead(1, 1, 60.0, clock=clock)
    with bulkhead.enter():
        clock.advance(0.3)
        with pytest.raises(StoreUnavailableError), bulkhead.enter():
            pass


def test_crowd_may_wait_during_a_burst_and_is_refused_when_it_lasts():
    clock = FakeClock()
    bulkhead = Bulkhead(1, 0, 60.0, clock=clock)
    with bulkhead.enter():
        assert bulkhead._line_up()
        clock.advance(0.4)
        bulkhead._moved_at = clock()
        assert bulkhead._line_up()
        clock.advance(0.2)
        bulkhead._moved_at = clock()
        assert not bulkhead._line_up()


def test_crowd_is_refused_at_once_when_no_slot_becomes_free():
    clock = FakeClock()
    bulkhead = Bulkhead(1, 0, 60.0, clock=clock)
    with bulkhead.enter():
        clock.advance(0.06)
        assert not bulkhead._line_up()


def test_fifty_callers_never_exceed_the_slots():
    bulkhead = Bulkhead(4, 50, 30.0)
    inside, most, lock = [], [], threading.Lock()

    def call(_):
        with bulkhead.enter():
            with lock:
                inside.append(1)
                most.append(len(inside))
            time.sleep(0)
            with lock:
                inside.pop()

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(call, range(500)))

    assert max(most) <= 4
    assert len(most) == 500


def crowd_of_two_waits(bulkhead, clock):
    """Let one wait in vain, and a second during that; return whether the second could wait."""
    lined_up = []

    def acquire(**_):
        clock.advance(0.01)
        if not lined_up:
            lined_up.append(bulkhead._line_up())
            with bulkhead._lock:
                bulkhead._waiting -= lined_up[0]

    bulkhead._slots = SimpleNamespace(acquire=acquire)
    bulkhead._moved_at = clock()
    bulkhead._wait()
    return lined_up == [True]


@pytest.mark.parametrize("places", [0, 1, 2])
def test_crowd_that_has_gone_does_not_count_against_the_next_burst(places):
    clock = FakeClock()
    bulkhead = Bulkhead(1, places, 0.05, stalled_seconds=60.0, clock=clock)
    first = crowd_of_two_waits(bulkhead, clock)
    clock.advance(10)

    assert (first, crowd_of_two_waits(bulkhead, clock)) == (True, True)


def test_burst_that_is_refused_does_not_count_against_the_next_one():
    clock = FakeClock()
    bulkhead = Bulkhead(1, 0, 60.0, clock=clock)
    clock.advance(0.06)
    refused = bulkhead._line_up()
    clock.advance(10)
    bulkhead._moved_at = clock()

    assert (refused, bulkhead._line_up()) == (False, True)
