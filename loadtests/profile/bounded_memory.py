"""Replays requests through a cache of bounded memory: exact LRU with a TTL.

The bound holds for a number of entries or for bytes of values. Expired entries make room at once,
as an active expiry cycle would; otherwise the entry that was used least recently goes.
"""

from typing import NamedTuple

import numpy as np

from loadtests.request_logs.compiled import Array, compiled
from loadtests.request_logs.request_log import RequestLog


class BoundedReplay(NamedTuple):
    """What a memory bound does to the requests.

    Attributes:
        hits: Reads answered by the cache.
        evictions: Entries that went before their end to make room.
        misses_evicted: Misses of keys whose entry had been evicted.
    """

    hits: int
    evictions: int
    misses_evicted: int


def replay_bounded(
    log: RequestLog, ttl_seconds: float, items: int | None, size_bytes: int | None
) -> BoundedReplay:
    """Replay *log* with at most *items* entries or *size_bytes* bytes; None is unbounded."""
    highest = np.iinfo(np.int64).max
    counts = _replay(
        *(log.times, log.keys, log.changes, log.sizes, ttl_seconds, log.key_count),
        *(items or highest, size_bytes or highest),
    )
    return BoundedReplay(*counts)


@compiled
def _unlink(newer: Array, older: Array, key: int, sentinel: int) -> None:
    before, after = newer[key], older[key]
    older[before], newer[after] = after, before
    older[key] = newer[key] = sentinel


@compiled
def _put_first(newer: Array, older: Array, key: int, sentinel: int) -> None:
    newest = older[sentinel]
    older[sentinel], newer[key] = key, sentinel
    older[key], newer[newest] = newest, key


@compiled
def _replay(  # noqa: PLR0913, PLR0917 - one loop over the columns of a log
    times: Array,
    keys: Array,
    changes: Array,
    sizes: Array,
    ttl: float,
    key_count: int,
    most_items: int,
    most_bytes: int,
) -> tuple[int, int, int]:
    newer = np.full(key_count + 1, key_count)  # A ring through the sentinel, newest first.
    older = np.full(key_count + 1, key_count)
    filled = np.full(key_count, -np.inf)
    stored = np.zeros(key_count, np.int64)
    evicted = np.zeros(key_count, np.bool_)
    fills = np.empty(times.size, np.int64)
    filled_count, expired_count = 0, 0
    hits, evictions, misses_evicted, count, size = 0, 0, 0, 0, 0
    for i in range(times.size):
        now, key = times[i], keys[i]
        while expired_count < filled_count and times[fills[expired_count]] + ttl <= now:
            oldest = fills[expired_count]
            old = keys[oldest]
            expired_count += 1
            if filled[old] == times[oldest]:
                _unlink(newer, older, old, key_count)
                filled[old] = -np.inf
                count, size = count - 1, size - stored[old]
        present = filled[key] > -np.inf
        if present:
            _unlink(newer, older, key, key_count)
        if changes[i]:
            if present:
                filled[key] = -np.inf
                count, size = count - 1, size - stored[key]
            evicted[key] = False
            continue
        if present:
            hits += 1
            _put_first(newer, older, key, key_count)
            continue
        misses_evicted += evicted[key]
        evicted[key] = False
        if sizes[i] > most_bytes:
            continue
        filled[key], stored[key] = now, sizes[i]
        fills[filled_count] = i
        filled_count += 1
        _put_first(newer, older, key, key_count)
        count, size = count + 1, size + sizes[i]
        while count > most_items or size > most_bytes:
            last = newer[key_count]
            _unlink(newer, older, last, key_count)
            filled[last] = -np.inf
            evicted[last] = True
            evictions += 1
            count, size = count - 1, size - stored[last]
    return hits, evictions, misses_evicted
