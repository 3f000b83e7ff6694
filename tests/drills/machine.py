"""How much of the machine other programs take, which decides whether a latency can be judged."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from loadtests.stack.descendants import descendants

_TICKS = os.sysconf("SC_CLK_TCK")
# With more than this, in cores, the tail of a latency is that of the others.
MOST_OF_OTHERS = 0.25


@dataclass(frozen=True)
class CpuTimes:
    """Processor seconds up to a moment: of the whole machine, and of this test's processes."""

    at: float
    whole: float
    ours: dict[int, float]

    @classmethod
    def now(cls) -> Self:
        line = Path("/proc/stat").read_text().splitlines()[0]
        user, nice, system, _, _, irq, softirq, steal = (int(word) for word in line.split()[1:9])
        pids = {os.getpid(), *descendants(os.getpid())}
        ours = {pid: _of_process(pid) / _TICKS for pid in pids}
        whole = user + nice + system + irq + softirq + steal
        return cls(time.monotonic(), whole / _TICKS, ours)

    def others_since(self, earlier: Self) -> float:
        """Give the cores that other programs took in between."""
        # A process that has ended since took time that is not known; it goes to the others.
        ours = sum(seconds - earlier.ours.get(pid, 0.0) for pid, seconds in self.ours.items())
        return max(0.0, (self.whole - earlier.whole - ours) / (self.at - earlier.at))


def _of_process(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return 0
    user, system = text.rpartition(")")[2].split()[11:13]
    return int(user) + int(system)
