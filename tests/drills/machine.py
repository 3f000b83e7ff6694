"""Processor time used by other programs, which decides whether a latency can be judged."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from loadtests.stack.descendants import descendants

_TICKS = os.sysconf("SC_CLK_TCK")
# Above this many cores, other programs dominate the tail of a latency.
MAX_CORES_OF_OTHERS = 0.25


@dataclass(frozen=True)
class CpuTimes:
    """Processor seconds used so far, by the whole machine and by this test's processes."""

    at: float
    whole: float
    ours: dict[int, float]

    @classmethod
    def now(cls) -> Self:
        line = Path("/proc/stat").read_text().splitlines()[0]
        user, nice, system, _, _, irq, softirq, steal = (int(word) for word in line.split()[1:9])
        pids = {os.getpid(), *descendants(os.getpid())}
        ours = {pid: _ticks_of_process(pid) / _TICKS for pid in pids}
        whole = user + nice + system + irq + softirq + steal
        return cls(time.monotonic(), whole / _TICKS, ours)

    def others_since(self, earlier: Self) -> float:
        """Return how many cores other programs used on average since then."""
        # The time of a process that ended meanwhile is unknown, so it counts as others' time.
        ours = sum(seconds - earlier.ours.get(pid, 0.0) for pid, seconds in self.ours.items())
        return max(0.0, (self.whole - earlier.whole - ours) / (self.at - earlier.at))


@contextmanager
def judged_without_others(others: Callable[[], float], figures: object) -> Iterator[None]:
    """Skip a test that fails in this block while other programs use the machine.

    Under CI=true it fails, because nothing else may run there.

    Args:
        others: Returns how many cores other programs used.
        figures: What the test measured, as the reason shows it.
    """
    try:
        yield
    except AssertionError as error:
        if os.environ.get("CI") != "true" and others() > MAX_CORES_OF_OTHERS:
            said = str(error).splitlines()[0]
            pytest.skip(f"other programs use {others():.2f} cores: {figures}: {said}")
        raise


def _ticks_of_process(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return 0
    user, system = text.rpartition(")")[2].split()[11:13]
    return int(user) + int(system)
