"""When a breaker opens, and how it probes the dependency until it closes."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from service.guards.breaker import FAILURES_IN_A_ROW, Breaker
from tests.service.fakes import FakeClock


class Dependency:
    """Answers probes as the test sets, and counts them."""

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
    """A breaker whose probes run when the test calls them, instead of on a thread."""
    return Breaker(
        dependency.probe,
        dependency.turns.append,
        clock=clock,
        start_thread=dependency.probing.append,
    )


def test_failure_without_an_answer_since_it_began_opens_the_breaker(breaker, dependency):
    breaker.failed(breaker._clock())

    assert breaker.is_open
    assert dependency.turns == [True]


def test_single_failure_among_answers_does_not_open_the_breaker(breaker, dependency, clock):
    began = breaker._clock()
    clock.advance(0.01)
    breaker.answered_at = breaker._clock()
    breaker.failed(began)

    assert not breaker.is_open
    assert dependency.turns == []


def test_failures_in_a_row_open_the_breaker_despite_an_answer_since_they_began(breaker, clock):
    began = breaker._clock()
    clock.advance(0.01)
    breaker.answered_at = breaker._clock()
    for _ in range(FAILURES_IN_A_ROW):
        assert not breaker.is_open
        breaker.failed(began)

    assert breaker.is_open


def test_only_one_probe_starts_however_many_calls_fail(breaker, dependency):
    for _ in range(10):
        breaker.failed(breaker._clock())

    assert len(dependency.probing) == 1
    assert dependency.turns == [True]


def test_answered_probe_closes_the_breaker(breaker, dependency):
    breaker.failed(breaker._clock())
    dependency.probing.pop()()

    assert not breaker.is_open
    assert dependency.probes == 1
    assert dependency.turns == [True, False]


def test_no_call_is_allowed_during_a_probe(breaker, dependency):
    passed = []
    dependency.probe = lambda: passed.append(not breaker.is_open) or True
    breaker._probe = dependency.probe
    breaker.failed(breaker._clock())
    dependency.probing.pop()()

    assert passed == [False]


def test_breaker_opens_again_after_it_closed(breaker, dependency, clock):
    for _ in range(2):
        clock.advance(1.0)
        breaker.failed(breaker._clock())
        dependency.probing.pop()()

    assert dependency.turns == [True, False, True, False]


def test_ten_slow_calls_overlap():
    """No lock is held during a call, so all ten are inside at the same time."""
    breaker = Breaker(lambda: True, lambda _: None)
    inside = threading.Barrier(10)

    def call():
        assert not breaker.is_open
        began = breaker._clock()
        inside.wait(10)
        breaker.answered_at = breaker._clock()
        return began

    with ThreadPoolExecutor(10) as pool:
        assert len([f.result() for f in [pool.submit(call) for _ in range(10)]]) == 10


def test_probe_thread_repeats_until_answered_and_no_second_one_runs():
    running, most, answered = [], [], threading.Event()

    def probe():
        running.append(1)
        most.append(len(running))
        running.pop()
        return len(most) > 2

    breaker = Breaker(probe, lambda is_open: None if is_open else answered.set())
    for _ in range(20):
        breaker.failed(breaker._clock())
    assert answered.wait(10)
    deadline = time.monotonic() + 10
    while breaker.is_open:
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
    breaker.failed(breaker._clock())
    dependency.probing.pop()()

    assert not breaker.is_open


def test_stopped_breaker_does_not_repeat_its_probe(breaker, dependency):
    dependency.answers = False
    breaker.stop()
    breaker.failed(breaker._clock())
    dependency.probing.pop()()

    assert dependency.probes == 1


def test_pauses_between_probes_grow_to_a_quarter_of_a_second_and_no_longer(breaker, dependency):
    pauses, outcomes = [], iter([False] * 12 + [True])
    breaker._probe = lambda: next(outcomes)
    breaker._stopped = SimpleNamespace(wait=pauses.append)
    breaker.failed(breaker._clock())
    dependency.probing.pop()()

    assert pauses[:4] == [0.02, 0.04, 0.08, 0.16]
    assert pauses[4:] == [0.25] * 8


def test_breaker_whose_probe_cannot_start_lets_callers_through(dependency, clock):
    """Under a limit of threads it would otherwise stay open for ever."""

    def start(run):
        dependency.probing.append(run)
        if len(dependency.probing) == 1:
            raise RuntimeError("can't start new thread")

    breaker = Breaker(dependency.probe, dependency.turns.append, clock=clock, start_thread=start)
    breaker.failed(clock())

    assert not breaker.is_open
    assert dependency.turns == [True, False]
    clock.advance(1.0)
    breaker.failed(clock())
    assert breaker.is_open
