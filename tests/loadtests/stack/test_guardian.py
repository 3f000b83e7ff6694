"""No process outlives the one that started it, however that one ends."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loadtests.stack.descendants import descendants, process_table
from loadtests.stack.guardian import ROOT, Guardian, StackError

_FAMILY = "sleep 600 & setsid sleep 600 & (trap '' TERM; sleep 600; sleep 600) & wait"
"""A child, one in a session of its own, and one that ignores SIGTERM."""

_PARENT = f"""
import sys, time
from loadtests.stack.descendants import descendants
from loadtests.stack.guardian import Guardian
with Guardian() as guardian:
    leader = guardian.start("family", ["sh", "-c", {_FAMILY!r}])
    while len(descendants(leader.pid)) < 4:
        time.sleep(0.02)
    print(guardian.folder, guardian.pid, *descendants(guardian.pid), flush=True)
    time.sleep(600)
"""


def _alive(pids: list[int]) -> list[int]:
    living = {row.pid for row in process_table() if row.state != "Z"}
    return [pid for pid in pids if pid in living]


def _left_after(pids: list[int], seconds: float) -> list[int]:
    """Wait for the end of the processes; return those that are left when the time is up."""
    deadline = time.monotonic() + seconds
    while _alive(pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    return _alive(pids)


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=["ctrl-c", "term", "kill-9"]
)
def test_no_descendant_outlives_its_parent(number):
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as parent:
        folder, *words = parent.stdout.readline().split()
        pids = [int(word) for word in words]
        assert len(pids) >= 6

        os.kill(parent.pid, number)

        left = _left_after(pids, 5)
        parent.kill()
        assert left == []
        assert not Path(folder).exists()


def test_guarded_program_ends_with_the_block():
    with Guardian() as guardian:
        leader = guardian.start("family", ["sh", "-c", _FAMILY])
        while len(descendants(leader.pid)) < 4:
            time.sleep(0.02)
        pids = [guardian.pid, *descendants(guardian.pid)]

    assert _alive(pids) == []
    assert not guardian.folder.exists()


def test_suspended_program_is_ended_too():
    with Guardian() as guardian:
        sleeper = guardian.start("sleeper", ["sleep", "600"])
        os.kill(sleeper.pid, signal.SIGSTOP)

    assert _alive([sleeper.pid]) == []


def test_killing_a_program_kills_its_workers(guardian):
    leader = guardian.start("family", ["sh", "-c", "sleep 600 & sleep 600 & wait"])
    while len(workers := descendants(leader.pid)) < 2:
        time.sleep(0.02)

    leader.kill()

    assert _alive([leader.pid, *workers]) == []
    assert leader.exit_code() == -signal.SIGKILL


def test_exit_code_and_output_of_a_program_are_available(guardian):
    program = guardian.start("seven", ["sh", "-c", "echo $WORD; exit 7"], {"WORD": "seven up"})

    assert program.wait(10) == 7
    assert program.tail() == "seven up"


def test_waiting_for_a_program_that_goes_on_returns_none(guardian):
    program = guardian.start("sleeper", ["sleep", "600"])

    assert program.wait(0.05) is None
    program.stop()
    assert program.exit_code() == -signal.SIGTERM


def test_missing_program_is_named(guardian):
    with pytest.raises(StackError, match=r"nothing does not start: .*no-such-program"):
        guardian.start("nothing", ["/no-such-program"])


def test_killed_guardian_is_reported_in_words():
    with Guardian() as guardian:
        sleeper = guardian.start("sleeper", ["sleep", "600"])
        os.kill(guardian.pid, signal.SIGKILL)
        with pytest.raises(StackError, match="the guardian process is gone"):
            sleeper.exit_code()
        with contextlib.suppress(ProcessLookupError):
            os.kill(sleeper.pid, signal.SIGKILL)

    assert not guardian.folder.exists()
