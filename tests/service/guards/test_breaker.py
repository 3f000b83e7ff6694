"""When a dependency is asked no more, and how it is asked again."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.guards.breaker import FAILURES_IN_A_ROW, Breaker
from tests.service.fakes import FakeClock


class Dependency:
    """Answers probes as a test says, and counts them."""

    def __init__(self):
        self.answers = True
        self.probes = 0
        self.turns = []
        self.probing = []

    def probe(self):
        self.probes += 1
        return self.answers


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def dependency():
    return Dependency()


@pytest.fixture
def breaker(dependency, clock):
    """Probes when the test runs what was begun, not on a thread."""
    return Breaker(
        dependency.probe,
        dependency.turns.append,
        clock=clock,
        start_thread=dependency.probing.append,
    )


def test_failure_with_nothing_answered_since_it_began_opens(breaker, dependency):
    breaker.failed(breaker.begin())

    assert not breaker.allows()
    assert dependency.turns == [True]


def test_single_failure_among_answers_does_not_open(breaker, dependency, clock):
    began = breaker.begin()
    clock.advance(0.01)
    breaker.succeeded()
    breaker.failed(began)

    assert breaker.allows()
    assert dependency.turns == []


def test_failures_in_a_row_open_although_others_began_earlier(breaker, clock):
    began = breaker.begin()
    clock.advance(0.01)
    breaker.succeeded()
    for _ in range(FAILURES_IN_A_ROW):
        assert breaker.allows()
        breaker.failed(began)

    assert not breaker.allows()


def test_only_one_probe_is_begun_however_many_calls_fail(breaker, dependency):
    for _ in range(10):
        breaker.failed(breaker.begin())

    assert len(dependency.probing) == 1
    assert dependency.turns == [True]


def test_answered_probe_closes(breaker, dependency):
    breaker.failed(breaker.begin())
    dependency.probing.pop()()

    assert breaker.allows()
    assert dependency.probes == 1
    assert dependency.turns == [True, False]


def test_nobody_passes_while_it_is_probed(breaker, dependency):
    passed = []
    dependency.probe = lambda: passed.append(breaker.allows()) or True
    breaker._probe = dependency.probe
    breaker.failed(breaker.begin())
    dependency.probing.pop()()

    assert passed == [False]


def test_it_opens_again_after_it_closed(breaker, dependency, clock):
    for _ in range(2):
        clock.advance(1.0)
        breaker.failed(breaker.begin())
        dependency.probing.pop()()

    assert dependency.turns == [True, False, True, False]


def test_ten_slow_calls_overlap_while_it_watches():
    """No lock is held during a call: all ten are inside at the same time."""
    breaker = Breaker(lambda: True, lambda _: None)
    inside = threading.Barrier(10)

    def call():
        assert breaker.allows()
        began = breaker.begin()
        inside.wait(10)
        breaker.succeeded()
        return began

    with ThreadPoolExecutor(10) as pool:
        assert len([f.result() for f in [pool.submit(call) for _ in range(10)]]) == 10


def test_probe_on_its_own_thread_is_repeated_until_answered_and_no_second_runs_beside_it():
    running, most, answered = [], [], threading.Event()

    def probe():
        running.append(1)
        most.append(len(running))
        running.pop()
        return len(most) > 2

    breaker = Breaker(probe, lambda is_open: None if is_open else answered.set())
    for _ in range(20):
        breaker.failed(breaker.begin())
    assert answered.wait(10)
    deadline = time.monotonic() + 10
    while not breaker.allows():
        assert time.monotonic() < deadline

    assert most == [1, 1, 1]


def test_probe_that_raises_is_repeated(breaker, dependency):
    outcomes = iter([ZeroDivisionError(), True])

    def probe():
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    breaker._probe = probe
    breaker.failed(breaker.begin())
    dependency.probing.pop()()

    assert breaker.allows()


def test_stopped_breaker_probes_no_more(breaker, dependency):
    dependency.answers = False
    breaker.stop()
    breaker.failed(breaker.begin())
    dependency.probing.pop()()

    assert dependency.probes == 1
