"""The outcome of a known sequence of reads from an empty cache on, in the fewest lines."""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """How many reads had each result.

    Attributes:
        hit: Answered by the cache.
        coalesced: Waited for another read's load.
        miss: Loaded from the store.
    """

    hit: int
    coalesced: int
    miss: int

    @property
    def lookups(self) -> int:
        """All reads."""
        return self.hit + self.coalesced + self.miss

    @property
    def hit_ratio(self) -> float | None:
        """Hits per read; None without reads."""
        return self.hit / self.lookups if self.lookups else None

    @property
    def offload_ratio(self) -> float | None:
        """Share of reads that cost no load; None without reads."""
        return 1.0 - self.miss / self.lookups if self.lookups else None


def coalesced(
    reads: Iterable[tuple[float, int]], ttl_seconds: float, fill_seconds: float
) -> Counts:
    """Replay reads whose concurrent misses share one load.

    Args:
        reads: Time in seconds and id of each read, in order of time.
        ttl_seconds: TTL of an entry.
        fill_seconds: D, from the GET that missed to the SET being visible.
    """
    filled_at: dict[int, float] = {}
    hit = coalesced_reads = miss = 0
    for at, item in reads:
        filled = filled_at.get(item)
        if filled is None or at >= filled + ttl_seconds:
            filled_at[item] = at + fill_seconds
            miss += 1
        elif at < filled:
            coalesced_reads += 1
        else:
            hit += 1
    return Counts(hit, coalesced_reads, miss)


def uncoalesced(
    reads: Iterable[tuple[float, int]], ttl_seconds: float, fill_seconds: float
) -> Counts:
    """Replay reads whose misses all load; a fill that finds an entry does not replace it."""
    ends: dict[int, float] = {}
    fills: dict[int, deque[float]] = {}
    hit = miss = 0
    for at, item in reads:
        pending = fills.setdefault(item, deque())
        end = ends.get(item, -math.inf)
        while pending and pending[0] <= at:
            filled = pending.popleft()
            end = end if filled < end else filled + ttl_seconds
        ends[item] = end
        if at < end:
            hit += 1
        else:
            miss += 1
            pending.append(at + fill_seconds)
    return Counts(hit, 0, miss)
