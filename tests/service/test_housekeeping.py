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
