"""How long to wait for a reply: longer after slow replies, within a bound."""

import time
from collections.abc import Callable

SHORTEST_SECONDS = 0.02
TIMES_THE_SLOWEST = 3.0
HALF_LIFE_SECONDS = 1.0
# A reply faster than this leaves the wait at its shortest, and need not be recorded.
FAST_SECONDS = SHORTEST_SECONDS / TIMES_THE_SLOWEST


class Patience:
    """Tracks the recent worst reply time, which decays with a half-life of a second.

    A fixed time-out is either so short that a hiccup of a busy machine passes for an outage, or
    so long that every caller wastes that time while Redis hangs. Threads write without a lock,
    because a lost update costs only a little precision.

    Args:
        longest_seconds: The bound on every wait.
        clock: Monotonic seconds.
    """

    def __init__(
        self, longest_seconds: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._longest_seconds = longest_seconds
        self._clock = clock
        self._slowest_seconds = 0.0
        self._recorded_at = clock()

    def seconds(self) -> float:
        """Return how long to wait for the next reply."""
        wait = TIMES_THE_SLOWEST * self._decayed(self._clock())
        return min(self._longest_seconds, max(SHORTEST_SECONDS, wait))

    def record(self, seconds: float) -> None:
        """Record how long a reply took, or how long a caller waited in vain."""
        now = self._clock()
        self._slowest_seconds, self._recorded_at = max(seconds, self._decayed(now)), now

    def _decayed(self, now: float) -> float:
        half_lives = (now - self._recorded_at) / HALF_LIFE_SECONDS
        return float(self._slowest_seconds * 0.5**half_lives)
