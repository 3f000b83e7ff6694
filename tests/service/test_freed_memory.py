"""Freed memory goes back to the system every few seconds; what stays is not looked for in it."""

import ctypes
import gc
import os
import platform
from pathlib import Path

import pytest
from flask import Flask

from service import __main__ as main
from service import assembly
from service.freed_memory import FreedMemory

GLIBC = platform.libc_ver()[0] == "glibc"


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def resident_mb():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def test_memory_is_given_back_after_ten_seconds_and_then_every_ten_seconds():
    clock, given_back = Clock(), []

    def trim(kept_bytes):
        given_back.append((clock.now, kept_bytes))
        return 1

    memory = FreedMemory(trim=trim, clock=clock)
    for _ in range(60):
        memory.give_back()
        clock.now += 0.5

    assert given_back == [(110.0, 0), (120.0, 0)]


def test_giving_back_that_takes_long_is_done_the_more_rarely():
    clock, given_back = Clock(), []

    def trim(_):
        given_back.append(clock.now)
        clock.now += 0.25
        return 1

    memory = FreedMemory(trim=trim, clock=clock)
    clock.now = 110.0
    for _ in range(600):
        memory.give_back()
        clock.now += 0.5

    # A quarter of a second, a thousandth of 250 seconds.
    assert given_back == [110.0, 360.25]


def test_freed_pages_between_used_ones_go_back_to_the_system():
    clock = Clock()
    memory = FreedMemory(clock=clock)
    blocks = [bytearray(b"x" * 100_000) for _ in range(300)]
    used = blocks[9::10]
    del blocks
    freed = resident_mb()
    clock.now += 10
    memory.give_back()

    # 27 MB were freed, each 900 kB of them between blocks that are still used.
    assert freed - resident_mb() > 20 or not GLIBC
    assert len(used) == 30


def test_c_library_without_such_a_function_keeps_what_it_has(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    clock = Clock()
    memory = FreedMemory(clock=clock)
    clock.now += 10
    due = memory._due

    memory.give_back()

    assert (memory._trim, memory._due) == (None, due)


def test_service_gives_memory_back_as_one_of_its_chores(monkeypatch, build, settings):
    chores = []

    class Housekeeping:
        def __init__(self, found):
            chores.extend(found)

        def stop(self):
            pass

    monkeypatch.setattr(assembly, "Housekeeping", Housekeeping)
    build(settings)

    owners = [getattr(chore, "__self__", None) for chore in chores]
    assert [type(owner) for owner in owners].count(FreedMemory) == 1


@pytest.fixture
def app(monkeypatch):
    """An app in place of the service, which would connect to its servers."""
    app = Flask("app")
    app.extensions |= {"start": lambda: True, "close": lambda _: None}
    monkeypatch.setattr(main, "create_app", lambda _: app)
    yield app
    gc.unfreeze()


def test_collections_leave_out_what_was_there_before_the_first_request(app):
    assert main.application() is app

    assert app not in gc.get_objects()
    assert gc.get_freeze_count() > 10_000
