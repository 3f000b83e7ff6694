"""Refreshes in the background: how many at once, one for each fruit, and what failures leave."""

import threading

import pytest

from service.domain.cache import CacheUnavailableError
from service.domain.store import StoreUnavailableError
from service.pattern.refreshes import FORGET_ABOVE, BackgroundRefreshes
from tests.service.fakes import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def begun():
    return []


@pytest.fixture
def refreshes(clock, begun):
    return BackgroundRefreshes(2, clock=clock, submit=begun.append)


def test_no_more_refreshes_begin_than_may_run_at_once(refreshes, begun):
    assert [refreshes.begin(lambda: True) for _ in range(3)] == [True, True, False]
    begun.pop()()

    assert refreshes.begin(lambda: True)


def test_fruit_has_one_refresh_at_a_time_and_the_next_right_after_it(refreshes, begun):
    assert refreshes.begin_one(7, lambda: True)
    assert not refreshes.begin_one(7, lambda: True)
    assert refreshes.begin_one(8, lambda: True)
    begun[0]()

    assert refreshes.begin_one(7, lambda: True)


def test_refresh_that_did_nothing_is_tried_again_after_fifty_milliseconds(refreshes, begun, clock):
    refreshes.begin_one(7, lambda: False)
    begun.pop()()

    assert not refreshes.begin_one(7, lambda: True)
    clock.advance(0.05)
    assert refreshes.begin_one(7, lambda: True)


def test_refresh_for_which_there_is_no_place_does_not_keep_the_next_from_beginning(
    refreshes, begun
):
    refreshes.begin(lambda: True)
    refreshes.begin(lambda: True)
    assert not refreshes.begin_one(7, lambda: True)
    begun.pop()()

    assert refreshes.begin_one(7, lambda: True)


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        (CacheUnavailableError("away"), 0),
        (StoreUnavailableError("away"), 0),
        (ZeroDivisionError(), 1),
    ],
)
def test_refresh_that_fails_frees_its_place_and_only_a_surprise_is_logged(
    refreshes, begun, caplog, error, logged
):
    def fail():
        raise error

    for _ in range(5):
        assert refreshes.begin(fail)
        begun.pop()()

    assert len(caplog.records) == 5 * logged


def test_refresh_that_cannot_start_frees_its_place():
    def refuse(_):
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    refreshes = BackgroundRefreshes(1, submit=refuse)

    assert [refreshes.begin(lambda: True) for _ in range(3)] == [False] * 3
    assert refreshes._free._value == 1


def test_pauses_of_many_fruits_are_forgotten_when_they_are_over(refreshes, begun, clock):
    for fruit_id in range(FORGET_ABOVE + 1):
        refreshes.begin_one(fruit_id, lambda: False)
        begun.pop()()
    clock.advance(1)
    refreshes.begin_one(-1, lambda: True)

    assert set(refreshes._not_before) == {-1}


def test_refresh_runs_on_a_thread_of_its_own():
    ran = threading.Event()
    BackgroundRefreshes(1).begin(ran.set)

    assert ran.wait(10)


def test_refresh_without_a_thread_does_not_begin_and_is_not_made_up_for_later():
    """A pool of threads queues the work before it fails to start a thread for it."""
    queued, refreshed = [], []

    def submit(run):
        queued.append(run)
        if len(queued) == 1:
            raise RuntimeError("can't start new thread")

    refreshes = BackgroundRefreshes(1, submit=submit)
    first = refreshes.begin(lambda: refreshed.append("first"))
    second = refreshes.begin(lambda: refreshed.append("second"))
    for run in queued:
        run()

    assert (first, second, refreshed) == (False, True, ["second"])
    assert refreshes.begin(lambda: None)
    assert not refreshes.begin(lambda: None)


def test_stopped_refreshes_end_their_threads_and_begin_no_more():
    threads = []
    refreshes = BackgroundRefreshes(1)
    assert refreshes.begin(lambda: threads.append(threading.current_thread()))
    refreshes.stop()
    threads_of_the_pool = refreshes._pool._threads

    for thread in threads_of_the_pool:
        thread.join(10)

    assert [thread.is_alive() for thread in threads] == [False]
    assert not refreshes.begin(lambda: None)
