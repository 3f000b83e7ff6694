"""Replays requests through a cache of one TTL: exact, from an empty cache.

An entry lives for the TTL from its fill, whatever is read meanwhile; a change removes it, as
delete-on-write does. Memory is not bounded here: see bounded_memory.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadtests.request_logs.compiled import Array, compiled
from loadtests.request_logs.request_log import RequestLog

_FIRST, _EXPIRED, _WRITTEN = range(3)


class TtlReplay(NamedTuple):
    """What a TTL does to the requests.

    Attributes:
        hits_by_key: Hits of each key.
        misses_by_key: Misses of each key.
        misses_first: Misses of keys that were never in the cache before.
        misses_expired: Misses of entries whose TTL had passed.
        misses_written: Misses of entries that a change had removed.
        live_mean: Mean number of entries over time.
        live_peak: Highest number of entries.
        bytes_mean: Mean size of the entries' values; 0 if sizes are unknown.
        bytes_peak: Highest size.
        age_sum: Sum of the ages of hits, seconds.
    """

    hits_by_key: NDArray[np.int64]
    misses_by_key: NDArray[np.int64]
    misses_first: int
    misses_expired: int
    misses_written: int
    live_mean: float
    live_peak: int
    bytes_mean: float
    bytes_peak: int
    age_sum: float

    @property
    def hits(self) -> int:
        """All hits."""
        return int(self.hits_by_key.sum())


def replay_ttl(log: RequestLog, ttl_seconds: float) -> TtlReplay:
    """Replay *log* under one TTL, which may be infinite."""
    hits = np.zeros(log.key_count, dtype=np.int64)
    reasons = np.zeros(3, dtype=np.int64)
    fills, stops, age_sum = _replay(log.times, log.keys, log.changes, ttl_seconds, hits, reasons)
    starts = log.times[fills]
    if bool(np.any(log.changes)):
        leaving = np.argsort(stops, kind="stable")
    else:
        leaving = np.arange(stops.size)  # Entries of one TTL end in the order of their fills.
    gone = np.searchsorted(stops[leaving], starts, side="right")
    lives = np.minimum(stops, log.times[-1]) - starts
    sizes = log.sizes[fills]
    left = np.concatenate(([0], np.cumsum(sizes[leaving])))
    return TtlReplay(
        hits_by_key=hits,
        misses_by_key=np.bincount(log.keys[fills], minlength=log.key_count),
        misses_first=int(reasons[_FIRST]),
        misses_expired=int(reasons[_EXPIRED]),
        misses_written=int(reasons[_WRITTEN]),
        live_mean=float(lives.sum() / log.span_seconds),
        live_peak=int((np.arange(1, starts.size + 1) - gone).max(initial=0)),
        bytes_mean=float((lives * sizes).sum() / log.span_seconds),
        bytes_peak=int((np.cumsum(sizes) - left[gone]).max(initial=0)),
        age_sum=float(age_sum),
    )


@compiled
def _replay(  # noqa: PLR0913, PLR0917 - the columns of a log
    times: Array,
    keys: Array,
    changes: Array,
    ttl: float,
    hits: Array,
    reasons: Array,
) -> tuple[Array, Array, float]:
    """Count hits by key and misses by reason; return which requests filled, and when each ended."""
    fills = np.empty(times.size, np.int64)
    stops = np.empty(times.size, np.float64)
    fill_of_key = np.full(hits.size, -1, np.int64)
    removed = np.zeros(hits.size, np.bool_)
    count, ages = 0, 0.0
    for i in range(times.size):
        now, key = times[i], keys[i]
        fill = fill_of_key[key]
        present = fill >= 0 and now < stops[fill]
        if changes[i]:
            if present:
                stops[fill] = now
                removed[key] = True
        elif present:
            hits[key] += 1
            ages += now - times[fills[fill]]
        else:
            reasons[_FIRST if fill < 0 else _WRITTEN if removed[key] else _EXPIRED] += 1
            fill_of_key[key], removed[key] = count, False
            fills[count], stops[count] = i, now + ttl
            count += 1
    return fills[:count], stops[:count], ages
