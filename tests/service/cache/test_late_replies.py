"""How many late replies wait to be read, and until when."""

import threading

import pytest

from service.cache.late_replies import LateReplies
from tests.service.fakes import FakeClock


class EndError(Exception):
    """Ends the reading, which otherwise waits for the next late reply."""


@pytest.fixture
def clock():
    return FakeClock()


def end(_):
    raise EndError


def test_late_reply_is_waited_for_until_half_a_minute_after_its_caller_gave_up(clock):
    waits, readers = [], []

    def read(seconds):
        waits.append(seconds)
        clock.advance(seconds)

    late = LateReplies(clock=clock, start_thread=readers.append)
    late.adopt(read)
    clock.advance(10)
    late.adopt(read)
    late.adopt(waits.append)
    late.adopt(end)
    with pytest.raises(EndError):
        readers.pop()()

    assert waits == [20.0, 10.0, 0.0]


def test_no_more_than_64_late_replies_wait(clock):
    late = LateReplies(clock=clock, start_thread=lambda _: None)

    assert [late.adopt(lambda _: None) for _ in range(70)] == [True] * 64 + [False] * 6


def test_late_reply_is_given_up_when_no_thread_can_be_started(clock):
    readers = []

    def start(run):
        readers.append(run)
        if len(readers) == 1:
            raise RuntimeError("can't start new thread")

    late = LateReplies(clock=clock, start_thread=start)

    assert [late.adopt(end) for _ in range(3)] == [False, True, True]
    assert len(readers) == 2


def test_late_replies_are_read_in_order_on_one_thread():
    late, read, all_read = LateReplies(), [], threading.Event()
    for number in range(5):
        late.adopt(lambda _, number=number: read.append((number, threading.get_ident())))
    late.adopt(lambda _: all_read.set())
    assert all_read.wait(10)

    assert [number for number, _ in read] == [0, 1, 2, 3, 4]
    assert len({thread for _, thread in read}) == 1
