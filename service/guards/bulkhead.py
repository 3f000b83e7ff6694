"""A bound on how many calls run at the same time, and on how many wait for their turn."""

import threading
import time
from collections import deque
from collections.abc import Callable

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
    beyond the places are refused without delay, so that threads stay free for other work. A slot
    that becomes free goes to the caller that has waited longest, and to none that came later.

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
        self._free = slots
        self._places = places
        self._longest_wait_seconds = longest_wait_seconds
        self._stalled_seconds = stalled_seconds
        self._clock = clock
        self._lock = threading.Lock()
        # Each waiter's own lock, which is released when a slot is handed to it.
        self._line: deque[threading.Lock] = deque()
        self._crowded_since: float | None = None
        self._moved_at = clock()

    def take(self, *, patient: bool) -> None:
        """Take a slot, for `leave` to give back.

        Args:
            patient: Whether to wait for a slot.

        Raises:
            StoreUnavailableError: There was no slot.
        """
        if not self._take_free() and not (patient and self._wait()):
            raise StoreUnavailableError(CROWDED)
        self._moved_at = self._clock()

    def _take_free(self) -> bool:
        with self._lock:
            if not self._free:
                return False
            self._free -= 1
            return True

    def leave(self) -> None:
        """Hand the slot to the first in line, or keep it free."""
        with self._lock:
            self._moved_at = self._clock()
            if self._line:
                self._line.popleft().release()
                self._forget_crowd()
            else:
                self._free += 1

    def _wait(self) -> bool:
        """Wait for a slot, and return whether one was handed over."""
        turn = threading.Lock()
        turn.acquire()
        if not self._line_up(turn):
            return False
        ends = self._clock() + self._longest_wait_seconds
        while (now := self._clock()) < (until := min(ends, self._moved_at + self._stalled_seconds)):
            if turn.acquire(timeout=until - now):
                return True
        with self._lock:
            if turn not in self._line:  # A slot was handed over in this very moment.
                return True
            self._line.remove(turn)
            self._forget_crowd()
            return False

    def _line_up(self, turn: threading.Lock) -> bool:
        """Join the line, unless too many have waited for too long."""
        with self._lock:
            if self._free:  # Since it was found taken, a slot has become free.
                self._free -= 1
                turn.release()
                return True
            now = self._clock()
            if not self._line:  # with no places at all, the crowd has gone
                self._crowded_since = None
            if len(self._line) >= self._places:
                if self._crowded_since is None:
                    self._crowded_since = now
                if now - self._crowded_since > BURST_SECONDS:
                    return False
                if now - self._moved_at > CROWD_SHARE * self._stalled_seconds:
                    return False
            self._line.append(turn)
            return True

    def _forget_crowd(self) -> None:
        if len(self._line) < self._places:
            self._crowded_since = None
