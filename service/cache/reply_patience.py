"""How long to wait for a reply: longer where replies have lately been slow, within a bound."""

import time
from collections.abc import Callable

SHORTEST_SECONDS = 0.02
TIMES_THE_SLOWEST = 3.0
HALVED_EVERY_SECONDS = 0.5


class Patience:
    """Follows the slowest reply of late, which is forgotten by half every half second.

    A fixed time-out is either so short that a busy machine's hiccup passes for an outage, or
    so long that everybody who asks while Redis hangs waits long for nothing. Threads write
    without a lock: a lost update costs a little precision.
    """

    def __init__(
        self, longest_seconds: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin as if replies were fast.

        Args:
            longest_seconds: Never to wait longer than this.
            clock: Monotonic seconds.
        """
        self._longest_seconds = longest_seconds
        self._clock = clock
        self._slowest = 0.0
        self._since = clock()

    def seconds(self) -> float:
        """Give the wait for the next reply."""
        wait = TIMES_THE_SLOWEST * self._faded(self._clock())
        return min(self._longest_seconds, max(SHORTEST_SECONDS, wait))

    def took(self, seconds: float) -> None:
        """Hear how long a reply took, or for how long none came."""
        now = self._clock()
        self._slowest, self._since = max(seconds, self._faded(now)), now

    def _faded(self, now: float) -> float:
        return float(self._slowest * 0.5 ** ((now - self._since) / HALVED_EVERY_SECONDS))
