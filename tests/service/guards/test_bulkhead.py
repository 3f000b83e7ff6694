"""Which callers enter a bulkhead, which wait, and which are refused."""

import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from service.domain.store import StoreUnavailableError
from service.guards.bulkhead import Bulkhead
from tests.service.fakes import FakeClock


@contextmanager
def a_slot_of(bulkhead, *, patient=True):
    bulkhead.take(patient=patient)
    try:
        yield
    finally:
        bulkhead.leave()


def lines_up(bulkhead):
    turn = threading.Lock()
    turn.acquire()
    return bulkhead._line_up(turn)


def test_only_as_many_callers_enter_as_there_are_slots():
    bulkhead = Bulkhead(2, 0, 0.0)
    with (
        a_slot_of(bulkhead),
        a_slot_of(bulkhead),
        pytest.raises(StoreUnavailableError, match="too many"),
        a_slot_of(bulkhead),
    ):
        pass


def test_slot_is_free_again_after_an_error():
    bulkhead = Bulkhead(1, 0, 0.0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), a_slot_of(bulkhead):
            raise ZeroDivisionError


def test_impatient_caller_does_not_wait():
    bulkhead = Bulkhead(1, 10, 60.0)
    with (
        a_slot_of(bulkhead),
        pytest.raises(StoreUnavailableError),
        a_slot_of(bulkhead, patient=False),
    ):
        pass


def test_waiter_enters_when_a_slot_is_free():
    bulkhead = Bulkhead(1, 1, 60.0, clock=FakeClock())
    inside, leaving = threading.Event(), threading.Event()

    def hold():
        with a_slot_of(bulkhead):
            inside.set()
            assert leaving.wait(10)

    def follow():
        with a_slot_of(bulkhead):
            return "in"

    with ThreadPoolExecutor(2) as pool:
        holder = pool.submit(hold)
        assert inside.wait(10)
        follower = pool.submit(follow)
        while not bulkhead._line:
            time.sleep(0)
        leaving.set()
        assert follower.result(10) == "in"
        holder.result(10)


def test_free_slot_goes_to_the_caller_that_has_waited_longest_and_to_none_that_comes_later():
    bulkhead, order = Bulkhead(1, 3, 60.0), []

    def call(name):
        with a_slot_of(bulkhead):
            order.append(name)

    with ThreadPoolExecutor(3) as pool:
        with a_slot_of(bulkhead):
            for waiting, name in enumerate("abc"):
                pool.submit(call, name)
                while len(bulkhead._line) <= waiting:
                    time.sleep(0)
        # The slot was handed to the first in line, so that whoever comes now must wait behind it.
        assert not bulkhead._free or order == ["a", "b", "c"]

    assert order == ["a", "b", "c"]


def test_as_many_callers_as_slots_and_places_are_never_refused():
    bulkhead, refused = Bulkhead(2, 2, 60.0, stalled_seconds=60.0), []
    ends = time.monotonic() + 1.0

    def call(_):
        while time.monotonic() < ends:
            try:
                with a_slot_of(bulkhead):
                    time.sleep(0)
            except StoreUnavailableError:
                refused.append(1)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(call, range(4)))

    assert refused == []
    assert bulkhead._free == 2


def test_slot_that_is_handed_over_when_the_wait_ends_is_not_lost():
    clock = FakeClock()
    bulkhead = Bulkhead(1, 1, 0.0, clock=clock)
    with a_slot_of(bulkhead):
        assert lines_up(bulkhead)
        turn = bulkhead._line[0]
    assert (bulkhead._free, bulkhead._line, turn.locked()) == (0, deque(), False)


def test_no_caller_waits_for_slots_that_hang():
    clock = FakeClock()
    bulkhead = Bulkhead(1, 1, 60.0, clock=clock)
    with a_slot_of(bulkhead):
        clock.advance(0.3)
        with pytest.raises(StoreUnavailableError), a_slot_of(bulkhead):
            pass


def test_crowd_may_wait_during_a_burst_and_is_refused_when_it_lasts():
    clock = FakeClock()
    bulkhead = Bulkhead(1, 0, 60.0, clock=clock)
    with a_slot_of(bulkhead):
        assert lines_up(bulkhead)
        clock.advance(0.4)
        bulkhead._moved_at = clock()
        assert lines_up(bulkhead)
        clock.advance(0.2)
        bulkhead._moved_at = clock()
        assert not lines_up(bulkhead)


def test_crowd_is_refused_at_once_when_no_slot_becomes_free():
    clock = FakeClock()
    bulkhead = Bulkhead(1, 0, 60.0, clock=clock)
    with a_slot_of(bulkhead):
        clock.advance(0.06)
        assert not lines_up(bulkhead)


def test_fifty_callers_never_exceed_the_slots():
    bulkhead = Bulkhead(4, 50, 30.0)
    inside, most, lock = [], [], threading.Lock()

    def call(_):
        with a_slot_of(bulkhead):
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
    bulkhead._moved_at = clock()
    first, second = threading.Lock(), threading.Lock()
    assert bulkhead._line_up(first)
    could_wait = bulkhead._line_up(second)
    clock.advance(0.1)
    for turn in (first, second):
        with bulkhead._lock:
            bulkhead._line.remove(turn)
            bulkhead._forget_crowd()
    return could_wait


@pytest.mark.parametrize("places", [0, 1, 2])
def test_crowd_that_has_gone_does_not_count_against_the_next_burst(places):
    clock = FakeClock()
    bulkhead = Bulkhead(1, places, 0.05, stalled_seconds=60.0, clock=clock)
    with a_slot_of(bulkhead):
        first = crowd_of_two_waits(bulkhead, clock)
        clock.advance(10)

        assert (first, crowd_of_two_waits(bulkhead, clock)) == (True, True)


def test_burst_that_is_refused_does_not_count_against_the_next_one():
    clock = FakeClock()
    bulkhead = Bulkhead(1, 0, 60.0, clock=clock)
    with a_slot_of(bulkhead):
        clock.advance(0.06)
        refused = lines_up(bulkhead)
        clock.advance(10)
        bulkhead._moved_at = clock()

        assert (refused, lines_up(bulkhead)) == (False, True)
