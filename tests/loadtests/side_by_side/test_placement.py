"""A server has one core and the load the others, whatever the kernel would choose."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from loadtests.side_by_side import placement
from loadtests.side_by_side.contenders import Contender, ContenderServer
from loadtests.side_by_side.placement import Placement, place, started_on
from loadtests.stack.guardian import Guardian

SHOW_CORES = "import os; print(*sorted(os.sched_getaffinity(0)))"


@pytest.fixture
def cores(monkeypatch):
    def allow(*numbers):
        monkeypatch.setattr(placement.os, "sched_getaffinity", lambda _: set(numbers))

    return allow


def test_first_core_is_the_servers_and_the_others_the_loads(cores):
    cores(5, 2, 3)

    assert place() == Placement(frozenset({2}), frozenset({3, 5}))


def test_single_core_is_shared_and_said_to_be(cores):
    cores(0)

    assert place() == Placement(frozenset(), frozenset())
    assert place().sentence == "shared by server, Redis, database and load"


def test_system_that_cannot_place_processes_shares_its_cores(monkeypatch):
    monkeypatch.delattr(placement.os, "sched_setaffinity")

    assert place() == Placement(frozenset(), frozenset())


def test_server_is_kept_on_its_core_or_may_use_all():
    here = Placement(frozenset({2}), frozenset({3, 5}))

    assert here.prefix(on_one_core=True) == ["taskset", "-c", "2"]
    assert here.prefix(on_one_core=False) == ["taskset", "-c", "2,3,5"]
    assert Placement(frozenset(), frozenset()).prefix(on_one_core=True) == []


@pytest.mark.integration
def test_threads_of_a_server_run_on_its_core_though_everything_else_has_the_others():
    here, before = place(), os.sched_getaffinity(0)
    with started_on(here.load), Guardian() as guardian:
        start = [*here.prefix(on_one_core=True), Path(sys.executable)]
        server = ContenderServer(guardian, start, Contender("", "flask", "constant"), 1, {})
        server.start()
        server.wait_ready()
        tasks = Path(f"/proc/{server.pid}/task").iterdir()

        assert {frozenset(os.sched_getaffinity(int(task.name))) for task in tasks} == {here.server}
        assert os.sched_getaffinity(guardian.pid) == here.load
    assert os.sched_getaffinity(0) == before


def test_what_starts_in_the_block_stays_on_its_cores_and_this_process_does_not():
    before = os.sched_getaffinity(0)
    one = max(before)
    with started_on({one}):
        shown = subprocess.run(
            [sys.executable, "-c", SHOW_CORES], capture_output=True, text=True, check=True
        ).stdout

    assert shown == f"{one}\n"
    assert os.sched_getaffinity(0) == before


def test_no_cores_leave_a_process_where_it_may_be():
    before = os.sched_getaffinity(0)
    with started_on(frozenset()):
        assert os.sched_getaffinity(0) == before
