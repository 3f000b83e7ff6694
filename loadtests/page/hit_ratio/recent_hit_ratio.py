"""The hit ratio over about the last ten seconds, from counts that are read again and again."""

import time
from collections import deque
from collections.abc import Mapping
from typing import Any

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
        drop_old(self._counts)
        first = self._counts[0][1]
        return hit_ratio({word: count - first.get(word, 0) for word, count in counts.items()})


def drop_old(readings: deque[tuple[float, Any]]) -> None:
    """Keep of readings, each behind its moment, those that are needed for the last ten seconds."""
    while len(readings) > 2 and readings[-1][0] - readings[1][0] >= RECENT_SECONDS:
        readings.popleft()
