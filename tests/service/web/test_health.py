"""Readiness: one look at a time, and at most one a second."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.web.health import Looks
from tests.service.fakes import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


def test_look_is_good_for_a_second(clock):
    found = iter(["gone", None])
    looks = Looks({"redis": lambda: next(found)}, clock=clock)
    first = looks.problems()
    clock.advance(0.99)
    second = looks.problems()
    clock.advance(0.02)

    assert [first, second, looks.problems()] == [{"redis": "gone"}] * 2 + [{"redis": None}]


def test_others_get_the_last_look_while_one_is_under_way(clock):
    looking, released = threading.Event(), threading.Event()
    released.set()

    def look():
        looking.set()
        assert released.wait(10)

    looks = Looks({"redis": look}, clock=clock)
    looks.problems()
    clock.advance(2)
    looking.clear()
    released.clear()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(looks.problems)
        assert looking.wait(10)
        meanwhile = [looks.problems() for _ in range(100)]
        released.set()

        assert meanwhile == [{"redis": None}] * 100
        assert slow.result() == {"redis": None}


def test_service_is_not_ready_before_the_first_look_has_ended(clock):
    looking, released = threading.Event(), threading.Event()

    def look():
        looking.set()
        assert released.wait(10)

    looks = Looks({"redis": look}, clock=clock)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(looks.problems)
        assert looking.wait(10)
        meanwhile = looks.problems()
        released.set()

        assert meanwhile == {"redis": "the first look at it is under way"}
        assert slow.result() == {"redis": None}


def test_problem_is_logged_once_while_it_lasts(clock, caplog):
    looks = Looks({"redis": lambda: "gone"}, clock=clock)
    for _ in range(10):
        looks.problems()
        clock.advance(2)

    assert caplog.messages == ["not ready: redis: gone"]
