"""A bound on how much goes on at the same time, and on how much waits for its turn."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from service.domain.store import StoreUnavailableError

# Nobody waits on while for so long nobody got in or out: what is inside hangs.
STALLED_SECONDS = 0.2
# A crowd is not even let wait when nobody did for a part of that.
CROWD_SHARE = 0.25
# More callers than there are places for are a burst for so long, then they are too many.
BURST_SECONDS = 0.5
CROWDED = "too many ask it at the same time"


class Bulkhead:
    """Lets some in, lets others wait a moment, refuses the rest at once.

    A burst is worked off. When more keeps coming than gets done, or nothing gets done, callers
    beyond the places are refused without delay, so that threads stay free for other work.
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
        """Build it empty.

        Args:
            slots: How many may be inside.
            places: How many may wait for long.
            longest_wait_seconds: When one who waits is refused.
            stalled_seconds: After how long without anybody getting in or out what is inside
                hangs.
            clock: Monotonic seconds.
        """
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
    def entered(self, *, patient: bool = True) -> Iterator[None]:
        """Hold a slot while the block runs.

        Args:
            patient: False is refused rather than wait.

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
        """Wait for a slot; tells whether there was one."""
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
        """Join those who wait, unless they have been too many for too long."""
        with self._lock:
            now = self._clock()
            if self._waiting >= self._places:
                if self._crowded_since is None:
                    self._crowded_since = now
                if now - self._crowded_since > BURST_SECONDS:
                    return False
                if now - self._moved_at > CROWD_SHARE * self._stalled_seconds:
                    return False
            self._waiting += 1
            return True
