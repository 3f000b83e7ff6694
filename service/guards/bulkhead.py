"""A bound on how many calls run at the same time, and on how many wait for their turn."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from service.domain.store import StoreUnavailableError

# With no entry or exit for this long, treat what is inside as hung and refuse waiters.
STALLED_SECONDS = 0.2
# A crowd is refused at once when there was no entry or exit for this share of that time.
CROWD_SHARE = 0.25
# More waiters than places are a burst for this long; after that they are too many.
BURST_SECONDS = 0.5
CROWDED = "too many call it at the same time"


class Bulkhead:
    """Admits some callers, lets others wait for a moment, and refuses the rest at once.

    It works off a burst. When more callers keep coming than finish, or none finishes, those
    beyond the places are refused without delay, so that threads stay free for other work.

    Args:
        slots: How many callers may be inside.
        places: How many callers may wait for long.
        longest_wait_seconds: After this a waiter is refused.
        stalled_seconds: With no entry or exit for this long, what is inside counts as hung.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        slots: int,
        places: int,
        longest_wait_seconds: float,
        *,
        stalled_seconds: float = STALLED_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._slots = threading.Semaphore(slots)
        self._places = places
        self._longest_wait_seconds = longest_wait_seconds
        self._stalled_seconds = stalled_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting = 0
        self._crowded_since: float | None = None
        self._moved_at = clock()

    @contextmanager
    def enter(self, *, patient: bool = True) -> Iterator[None]:
        """Hold a slot while the block runs.

        Args:
            patient: Whether to wait for a slot.

        Raises:
            StoreUnavailableError: There was no slot.
        """
        if not self._slots.acquire(blocking=False) and not (patient and self._wait()):
            raise StoreUnavailableError(CROWDED)
        self._moved_at = self._clock()
        try:
            yield
        finally:
            self._moved_at = self._clock()
            self._slots.release()

    def _wait(self) -> bool:
        """Wait for a slot, and return whether one was acquired."""
        if not self._line_up():
            return False
        ends = self._clock() + self._longest_wait_seconds
        try:
            while (now := self._clock()) < min(ends, self._moved_at + self._stalled_seconds):
                until = min(ends, self._moved_at + self._stalled_seconds)
                if self._slots.acquire(timeout=until - now):
                    return True
            return False
        finally:
            with self._lock:
                self._waiting -= 1
                if self._waiting < self._places:
                    self._crowded_since = None

    def _line_up(self) -> bool:
        """Join the waiters, unless they have been too many for too long."""
        with self._lock:
            now = self._clock()
            if not self._waiting:  # with no places at all, the crowd has gone
                self._crowded_since = None
            if self._waiting >= self._places:
                if self._crowded_since is None:
                    self._crowded_since = now
                if now - self._crowded_since > BURST_SECONDS:
                    return False
                if now - self._moved_at > CROWD_SHARE * self._stalled_seconds:
                    return False
            self._waiting += 1
            return True
