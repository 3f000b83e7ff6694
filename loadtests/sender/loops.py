"""The loops that send: open ones, which never wait for an answer, and closed ones, which do."""

from collections.abc import Callable

import gevent
import numpy as np
from gevent.event import Event

from loadtests.sender.slots import Arrival, InFlight, Performs
from loadtests.workload.operations import Block, Operations

_BLOCK = 512
_YIELD_EVERY = 64


class OpenLoop:
    """Hands each request to the pool when it is due, whatever is under way.

    Args:
        operations: What to do and when.
        pool: Where arrivals go.
        performer: Who does them.
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
        """Return how many arrivals are due by now and were not submitted; call after the end."""
        now = self._now()
        due = int(np.searchsorted(self._waiting, now))
        if due == len(self._waiting):
            due += self._operations.pass_over(now)
        return due

    def run(self) -> None:
        """Submit arrivals until the operations or the greenlet end."""
        while (block := self._operations.next_block(_BLOCK)) is not None:
            self._submit(block)
            # none of the block may be ours: wait for its end all the same, and give way
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
                    gevent.sleep(0)  # far behind: let the pool have its turn
                self._pool.submit(Arrival(intended, self._performer, key, is_write))
                self.sent += 1
        finally:
            self._waiting = times[self.sent - first :]


class ClosedLoop:
    """One user who waits for the answer, thinks, and asks again: for comparison only.

    Args:
        operations: What to do; their times play no part.
        think_seconds: Mean of the exponential pause after an answer; 0 for none.
        generator: Draws the pauses.
        pool: Where requests go; a user holds one slot at most.
        performer: Who does them.
        now: Seconds since the run's start.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - a loop joins all of these
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
        """Return 0: a closed loop has no schedule to be late for."""
        return 0

    def run(self) -> None:
        """Ask, wait, think, until the operations or the greenlet end."""
        gevent.sleep(max(0.0, -self._now()))
        while (block := self._operations.next_block(1)) is not None:
            self._ask(int(block.keys[0]), bool(block.writes[0]))
            gevent.sleep(self._generator.exponential(self._think))

    def _ask(self, key: int, is_write: bool) -> None:
        answered = _Answered(self._performer)
        self.sent += 1
        self._pool.submit(Arrival(self._now(), answered, key, is_write))
        answered.event.wait()


class _Answered:
    """Performs one arrival and then says so."""

    def __init__(self, performer: Performs) -> None:
        self._performer = performer
        self.event = Event()

    def perform(self, arrival: Arrival, started: float) -> None:
        """Do it."""
        self._performer.perform(arrival, started)
        self.event.set()

    def drop(self, arrival: Arrival, now: float) -> None:
        """Account for it."""
        self._performer.drop(arrival, now)
        self.event.set()

    def abandon(self, arrival: Arrival, started: float) -> None:
        """Account for it."""
        self._performer.abandon(arrival, started)
        self.event.set()
