"""Failures of a real server, their recovery, and the latencies around them."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from loadtests.stack.private_server import PrivateServer
from tests.drills.http_client import Answer
from tests.drills.machine import CpuTimes, judged_without_others
from tests.drills.steady_load import quantile_ms


@dataclass(frozen=True)
class Failure:
    """One way for a server to fail and to recover."""

    word: str
    strike: Callable[[PrivateServer], None]
    heal: Callable[[PrivateServer], None]


def _freeze(server: PrivateServer) -> None:
    os.kill(server.pid, signal.SIGSTOP)


def _thaw(server: PrivateServer) -> None:
    os.kill(server.pid, signal.SIGCONT)


KILLED = Failure("kill -9", lambda server: server.kill(), lambda server: server.restart())
FROZEN = Failure("SIGSTOP", _freeze, _thaw)
FAILURES = (KILLED, FROZEN)


@dataclass(frozen=True)
class Outage:
    """One failure and its recovery, in seconds of `time.monotonic()`.

    Attributes:
        struck: When the server failed.
        healed: When it answered again.
        others: Cores that other programs used, the higher value of before and during.
    """

    struck: float
    healed: float
    others: float

    def before(self, answers: list[Answer]) -> list[Answer]:
        """Return the lookups of the two seconds before the failure."""
        return [a for a in answers if self.struck - 2 <= a.intended < self.struck]

    def within(self, answers: list[Answer]) -> list[Answer]:
        """Return the lookups of the two seconds after the failure."""
        return [a for a in answers if self.struck <= a.intended < self.struck + 2]


def cause_outage(server: PrivateServer, failure: Failure, *, before_seconds: float = 2.1) -> Outage:
    """Wait, make a server fail for two seconds, then heal it and wait until it answers."""
    earlier = CpuTimes.now()
    time.sleep(before_seconds)
    times = CpuTimes.now()
    struck = time.monotonic()
    failure.strike(server)
    time.sleep(2.1)
    others = max(times.others_since(earlier), CpuTimes.now().others_since(times))
    return Outage(struck, heal(server, failure), others)


def heal(server: PrivateServer, failure: Failure) -> float:
    """Heal a server, wait until it answers, and return the time of that."""
    failure.heal(server)
    while not server.answers():
        time.sleep(0.01)
    return time.monotonic()


@dataclass(frozen=True)
class Comparison:
    """99th percentiles, in ms, of the two seconds before and after several failures."""

    before: float
    within: float
    samples: int
    others: float

    def __str__(self) -> str:
        return (
            f"p99 {self.before:.1f} ms in the 2 s before and {self.within:.1f} ms in the 2 s "
            f"after (n={self.samples} each), other programs took {self.others:.2f} cores"
        )

    @property
    def is_small(self) -> bool:
        """Return whether the p99 is at most 20 ms, or at most twice the p99 before the failure."""
        return self.within <= max(20.0, 2 * self.before)

    def judged_on_idle_machine(self) -> AbstractContextManager[None]:
        """Return a block that fails only where nothing else runs."""
        return judged_without_others(lambda: self.others, self)


def compare(outages: list[Outage], answers: list[Answer]) -> Comparison:
    """Compare the pooled lookups before several failures with those after them."""
    before = [a for one in outages for a in one.before(answers)]
    within = [a for one in outages for a in one.within(answers)]
    return Comparison(
        quantile_ms(before, 0.99),
        quantile_ms(within, 0.99),
        len(within),
        max(one.others for one in outages),
    )
