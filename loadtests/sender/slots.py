"""A bounded pool of greenlets behind one queue: the requests under way and those that wait."""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

import gevent
from gevent.lock import Semaphore


class Arrival(NamedTuple):
    """One request that is due.

    Attributes:
        intended: Seconds since the run's start.
        performer: Sends it.
        key: The id that it looks up or writes.
        is_write: Whether it writes.
    """

    intended: float
    performer: "Performs"
    key: int
    is_write: bool


class Performs(Protocol):
    """Brings an arrival to one of its three ends."""

    def perform(self, arrival: Arrival, started: float) -> None:
        """Send *arrival*, which got its slot *started* seconds after the run's start."""

    def drop(self, arrival: Arrival, now: float) -> None:
        """Count *arrival*, which is never sent."""

    def abandon(self, arrival: Arrival, started: float) -> None:
        """Count *arrival*, which was given up while under way."""


class InFlight:
    """Performs arrivals, at most *limit* at a time; the others wait in order of arrival.

    Args:
        limit: Number of slots.
        max_wait_seconds: An arrival that has no slot this long after its intended start is dropped.
        now: Seconds since the run's start.

    Attributes:
        in_flight: Requests under way now.
        max_seen: Most requests that were under way at one time.
        queued: Arrivals that found no free slot.
    """

    def __init__(self, limit: int, max_wait_seconds: float, now: Callable[[], float]) -> None:
        self._limit = limit
        self._max_wait = max_wait_seconds
        self._now = now
        self._queue: deque[Arrival] = deque()
        self._available = Semaphore(0)
        self._greenlets: list[gevent.Greenlet] = []
        self.in_flight = 0
        self.max_seen = 0
        self.queued = 0

    def submit(self, arrival: Arrival) -> None:
        """Queue one arrival without blocking."""
        busy = self.backlog
        if busy >= self._limit:
            self.queued += 1
        elif busy >= len(self._greenlets):
            self._start()
        self._queue.append(arrival)
        self._available.release()

    def resize(self, limit: int) -> None:
        """Change the number of slots; surplus ones end after the next arrival that they perform."""
        self._limit = limit
        for _ in range(min(limit, self.backlog) - len(self._greenlets)):
            self._start()

    def sweep(self) -> None:
        """Drop arrivals at the head of the queue that have waited too long."""
        while self._queue and self._now() - self._queue[0].intended > self._max_wait:
            if not self._available.acquire(blocking=False):
                return  # A greenlet is about to take the arrival, and will drop it.
            arrival = self._queue.popleft()
            arrival.performer.drop(arrival, self._now())

    @property
    def backlog(self) -> int:
        """How many arrivals are queued or under way."""
        return self.in_flight + len(self._queue)

    def drain(self) -> None:
        """Wait until nothing is queued or under way."""
        while self.backlog:
            self.sweep()
            gevent.sleep(0.005)

    def give_up(self) -> int:
        """Abandon all requests under way, drop all queued ones, and return how many they were."""
        given_up = self.backlog
        queued = list(self._queue)
        self._queue.clear()
        self.close()
        for arrival in queued:
            arrival.performer.drop(arrival, self._now())
        return given_up

    def close(self) -> None:
        """End the pool, and abandon the requests under way."""
        gevent.killall(self._greenlets)
        self._greenlets.clear()

    def _start(self) -> None:
        slot = gevent.spawn(self._serve)
        slot.link_exception(self._replace)
        self._greenlets.append(slot)

    def _replace(self, failed: gevent.Greenlet) -> None:
        if failed in self._greenlets:
            self._greenlets.remove(failed)
            self._start()

    def _serve(self) -> None:
        while len(self._greenlets) <= max(1, self._limit):
            self._available.acquire()
            arrival = self._queue.popleft()
            started = self._now()
            if started - arrival.intended > self._max_wait:
                arrival.performer.drop(arrival, started)
                continue
            self.in_flight += 1
            self.max_seen = max(self.max_seen, self.in_flight)
            try:
                arrival.performer.perform(arrival, started)
            except BaseException:  # Given up, or a defect of ours: counted either way.
                arrival.performer.abandon(arrival, started)
                raise
            finally:
                self.in_flight -= 1
        self._greenlets.remove(gevent.getcurrent())
