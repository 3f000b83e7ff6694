"""Chores start with the first request and continue after an error."""

import threading

from service import housekeeping
from service.cache.late_replies import LateReplies
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


def test_late_replies_are_read_in_order_on_one_thread():
    late, read, all_read = LateReplies(), [], threading.Event()
    for number in range(5):
        late.adopt(lambda number=number: read.append((number, threading.get_ident())))
    late.adopt(all_read.set)
    assert all_read.wait(10)

    assert [number for number, _ in read] == [0, 1, 2, 3, 4]
    assert len({thread for _, thread in read}) == 1
