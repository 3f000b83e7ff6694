"""Chores start with the first request and continue after an error."""

import threading

from service import housekeeping
from service.housekeeping import Housekeeping


def test_no_chore_runs_before_the_start():
    done = []
    Housekeeping([lambda: done.append(1)])

    assert done == []


def test_chores_run_once_before_start_returns():
    done = []
    keeping = Housekeeping([lambda: done.append(1)])
    keeping.start()
    keeping.start()
    keeping.stop()

    assert done == [1]


def test_chores_continue_after_an_error(monkeypatch):
    monkeypatch.setattr(housekeeping, "EVERY_SECONDS", 0.001)
    again, times = threading.Event(), []

    def fail():
        raise ZeroDivisionError

    def count():
        times.append(1)
        if len(times) == 3:
            again.set()

    keeping = Housekeeping([fail, count])
    keeping.start()
    assert again.wait(10)
    keeping.stop()


def test_start_without_a_thread_left_fails_quietly_and_is_repeated(caplog):
    done, started, threads = [], [], iter([False, False, True])

    def start_thread(run):
        if not next(threads):
            raise RuntimeError("can't start new thread")
        started.append(run)

    keeping = Housekeeping([lambda: done.append(1)], start_thread=start_thread)

    assert [keeping.start() for _ in range(4)] == [False, False, True, True]
    assert (done, len(started)) == ([1], 1)
    assert caplog.messages == [
        "no thread can be started for the chores yet: can't start new thread"
    ]
