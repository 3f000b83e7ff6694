"""The hit ratio over about the last ten seconds, from counts that are read again and again."""

import time
from collections import deque
from collections.abc import Mapping

from loadtests.service_under_test.contract import hit_ratio

RECENT_SECONDS = 10.0


class RecentHitRatio:
    """Remembers the counts of the last ten seconds."""

    def __init__(self) -> None:
        self._counts: deque[tuple[float, Mapping[str, int]]] = deque()  # (at, lookups by result)

    def after(self, counts: Mapping[str, int]) -> float | None:
        """Return the hit ratio up to now, when *counts* were counted; None if it is unknown."""
        if self._counts and sum(counts.values()) < sum(self._counts[-1][1].values()):
            self._counts.clear()  # A new run began.
        self._counts.append((time.monotonic(), counts))
        while len(self._counts) > 2 and self._counts[-1][0] - self._counts[1][0] >= RECENT_SECONDS:
            self._counts.popleft()
        first = self._counts[0][1]
        return hit_ratio({word: count - first.get(word, 0) for word, count in counts.items()})
