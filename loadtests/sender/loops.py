"""The loops that send: an open loop never waits for an answer, a closed loop does."""

from collections.abc import Callable

import gevent
import numpy as np
from gevent.event import Event

from loadtests.sender.slots import Arrival, InFlight, Performs
from loadtests.workload.operations import BLOCK, Block, Operations

_YIELD_EVERY = 64


class OpenLoop:
    """Submits each request to the pool when it is due, however many are under way.

    Args:
        operations: The requests and when they are due.
        pool: Performs the arrivals.
        performer: Sends the requests.
        now: Seconds since the run's start.
    """

    def __init__(
        self,
        operations: Operations,
        pool: InFlight,
        performer: Performs,
        now: Callable[[], float],
    ) -> None:
        self._operations = operations
        self._pool = pool
        self._performer = performer
        self._now = now
        self.sent = 0
        self._waiting: list[float] = []

    def overdue(self) -> int:
        """Return how many arrivals are due but not submitted; call after the loop has ended."""
        now = self._now()
        due = int(np.searchsorted(self._waiting, now))
        if due == len(self._waiting):
            due += self._operations.pass_over(now)
        return due

    def run(self) -> None:
        """Submit arrivals until the operations or the greenlet end."""
        while (block := self._operations.next_block(BLOCK)) is not None:
            self._submit(block)
            # Wait even if no request of the block is ours, and let other greenlets run.
            gevent.sleep(max(0.0, block.until - self._now()))

    def _submit(self, block: Block) -> None:
        times, keys, writes = (part.tolist() for part in block[:3])
        first = self.sent
        try:
            for intended, key, is_write in zip(times, keys, writes, strict=True):
                wait = intended - self._now()
                if wait > 0:
                    gevent.sleep(wait)
                elif self.sent % _YIELD_EVERY == 0:
                    gevent.sleep(0)  # Behind schedule: let the pool run.
                self._pool.submit(Arrival(intended, self._performer, key, is_write))
                self.sent += 1
        finally:
            self._waiting = times[self.sent - first :]


class ClosedLoop:
    """One user who waits for each answer, thinks, and sends again: for comparison only.

    Args:
        operations: The requests; their times do not matter.
        think_seconds: Mean of the exponential pause after an answer; 0 for none.
        generator: Draws the pauses.
        pool: Performs the requests; a user holds at most one slot.
        performer: Sends the requests.
        now: Seconds since the run's start.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - a loop needs all of these
        self,
        operations: Operations,
        think_seconds: float,
        generator: np.random.Generator,
        pool: InFlight,
        performer: Performs,
        now: Callable[[], float],
    ) -> None:
        self._operations = operations
        self._think = think_seconds
        self._generator = generator
        self._pool = pool
        self._performer = performer
        self._now = now
        self.sent = 0

    def overdue(self) -> int:
        """Return 0: a closed loop has no schedule."""
        return 0

    def run(self) -> None:
        """Send, wait and think until the operations or the greenlet end."""
        gevent.sleep(max(0.0, -self._now()))
        while (block := self._operations.next_block(1)) is not None:
            self._send(int(block.keys[0]), bool(block.writes[0]))
            gevent.sleep(self._generator.exponential(self._think))

    def _send(self, key: int, is_write: bool) -> None:
        signal = _AnswerSignal(self._performer)
        self.sent += 1
        self._pool.submit(Arrival(self._now(), signal, key, is_write))
        signal.event.wait()


class _AnswerSignal:
    """Performs one arrival and sets an event when it has ended.

    Args:
        performer: Sends the request.
    """

    def __init__(self, performer: Performs) -> None:
        self._performer = performer
        self.event = Event()

    def perform(self, arrival: Arrival, started: float) -> None:
        """Perform *arrival*."""
        self._performer.perform(arrival, started)
        self.event.set()

    def drop(self, arrival: Arrival, now: float) -> None:
        """Count *arrival* as dropped."""
        self._performer.drop(arrival, now)
        self.event.set()

    def abandon(self, arrival: Arrival, started: float) -> None:
        """Count *arrival* as abandoned."""
        self._performer.abandon(arrival, started)
        self.event.set()
