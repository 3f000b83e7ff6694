"""The pool of requests in flight: slots, queue, drops and drain, on a clock set by hand."""

import gevent
import pytest
from gevent.event import Event

from loadtests.sender.slots import Arrival, InFlight


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Gate:
    """Performs arrivals once it is opened and records what happened to each."""

    def __init__(self):
        self.open = Event()
        self.begun = []
        self.dropped = []
        self.abandoned = []

    def perform(self, arrival, started):
        self.begun.append((arrival.key, started))
        self.open.wait()

    def drop(self, arrival, now):
        self.dropped.append((arrival.key, now - arrival.intended))

    def abandon(self, arrival, _started):
        self.abandoned.append(arrival.key)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def gate():
    return Gate()


def settle():
    for _ in range(3):
        gevent.idle()


def submit(pool, gate, *keys, intended=0.0):
    for key in keys:
        pool.submit(Arrival(intended, gate, key, False))
    settle()


def test_no_more_requests_than_the_limit_are_in_flight(clock, gate):
    pool = InFlight(2, 30.0, clock)

    submit(pool, gate, 1, 2, 3, 4)

    assert [key for key, _ in gate.begun] == [1, 2]
    assert (pool.in_flight, pool.max_seen, pool.queued, pool.backlog) == (2, 2, 2, 4)
    pool.close()


def test_queued_arrivals_start_in_the_order_they_came(clock, gate):
    pool = InFlight(1, 30.0, clock)
    submit(pool, gate, 1, 2, 3)

    gate.open.set()
    pool.drain()

    assert [key for key, _ in gate.begun] == [1, 2, 3]
    assert pool.in_flight == 0
    pool.close()


def test_a_queued_arrival_keeps_its_intended_start(clock, gate):
    pool = InFlight(1, 30.0, clock)
    submit(pool, gate, 1, 2)

    clock.now = 5.0
    gate.open.set()
    pool.drain()

    assert gate.begun == [(1, 0.0), (2, 5.0)]
    pool.close()


def test_an_arrival_that_waited_too_long_is_dropped_with_its_whole_wait(clock, gate):
    pool = InFlight(1, 30.0, clock)
    submit(pool, gate, 1, 2)

    clock.now = 31.0
    gate.open.set()
    pool.drain()

    assert gate.dropped == [(2, 31.0)]
    pool.close()


def test_arrivals_that_waited_too_long_are_dropped_while_every_slot_is_taken(clock, gate):
    pool = InFlight(1, 30.0, clock)
    submit(pool, gate, 1, 2, 3)

    clock.now = 30.5
    pool.sweep()

    assert [key for key, _ in gate.dropped] == [2, 3]
    assert pool.backlog == 1
    pool.close()


def test_slots_are_reused(clock, gate):
    gate.open.set()
    pool = InFlight(3, 30.0, clock)

    for key in range(20):
        submit(pool, gate, key)

    assert len(gate.begun) == 20
    assert (pool.max_seen, pool.queued) == (1, 0)
    pool.close()


def test_giving_up_counts_every_arrival_as_abandoned_or_dropped(clock, gate):
    pool = InFlight(2, 30.0, clock)
    submit(pool, gate, 1, 2, 3)

    assert pool.give_up() == 3
    assert gate.abandoned == [1, 2]
    assert [key for key, _ in gate.dropped] == [3]
    assert pool.backlog == 0


class Faulty(Gate):
    """Raises an unexpected error for every arrival."""

    def perform(self, arrival, started):
        super().perform(arrival, started)
        raise RuntimeError("a fault of ours")


def test_an_unexpected_error_loses_neither_its_arrival_nor_its_slot(clock, gate):
    faulty = Faulty()
    faulty.open.set()
    pool = InFlight(1, 30.0, clock)

    submit(pool, faulty, 1, 2)
    submit(pool, gate, 3)

    assert faulty.abandoned == [1, 2]
    assert [key for key, _ in gate.begun] == [3]
    assert (pool.in_flight, pool.backlog) == (1, 1)
    pool.close()


def test_queued_arrivals_use_added_slots(clock, gate):
    pool = InFlight(1, 30.0, clock)
    submit(pool, gate, 1, 2, 3, 4)

    pool.resize(3)
    settle()

    assert (pool.in_flight, pool.backlog) == (3, 4)
    pool.close()


@pytest.mark.parametrize("limit", [0, 1])
def test_a_lower_limit_holds_once_the_requests_in_flight_have_ended(clock, gate, limit):
    pool = InFlight(3, 30.0, clock)
    submit(pool, gate, 1, 2, 3)

    pool.resize(limit)
    gate.open.set()
    pool.drain()
    gate.open.clear()
    submit(pool, gate, 4, 5)

    assert (pool.in_flight, pool.backlog) == (1, 2)
    pool.close()
