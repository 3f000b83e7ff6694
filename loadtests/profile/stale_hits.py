"""Replays requests under TTL alone: changes do not remove entries, so hits may be stale."""

from typing import NamedTuple

import numpy as np

from loadtests.request_logs.compiled import Array, compiled
from loadtests.request_logs.request_log import RequestLog


class StaleHits(NamedTuple):
    """What readers see of changes if nothing but the TTL ends an entry.

    Attributes:
        hits: All hits.
        stale: Hits that returned a value older than the last change.
        staleness_sum: Seconds since the first unseen change, summed over the stale hits.
        staleness_worst: Its maximum.
        changes: Changes in the log.
        visible_within: Changes that no reader could miss after the bound: the entry had ended.
    """

    hits: int
    stale: int
    staleness_sum: float
    staleness_worst: float
    changes: int
    visible_within: int


def replay_ttl_alone(log: RequestLog, ttl_seconds: float, bound_seconds: float) -> StaleHits:
    """Replay *log* without invalidation.

    Args:
        log: Requests in the order of time.
        ttl_seconds: TTL of an entry.
        bound_seconds: B, within which a change should be visible.
    """
    counts = _replay(log.times, log.keys, log.changes, ttl_seconds, bound_seconds, log.key_count)
    return StaleHits(*counts)


@compiled
def _replay(  # noqa: PLR0913, PLR0917 - the columns of a log
    times: Array,
    keys: Array,
    changes: Array,
    ttl: float,
    bound: float,
    key_count: int,
) -> tuple[int, int, float, float, int, int]:
    ends = np.full(key_count, -np.inf)
    changed = np.full(key_count, np.inf)  # The first change since the fill.
    hits, stale, change_count, visible = 0, 0, 0, 0
    total, worst = 0.0, 0.0
    for i in range(times.size):
        now, key = times[i], keys[i]
        present = now < ends[key]
        if changes[i]:
            change_count += 1
            if present:
                changed[key] = min(changed[key], now)
            if not present or ends[key] - now <= bound:
                visible += 1
        elif present:
            hits += 1
            if changed[key] < np.inf:
                stale += 1
                total += now - changed[key]
                worst = max(worst, now - changed[key])
        else:
            ends[key] = now + ttl
            changed[key] = np.inf
    return hits, stale, total, worst, change_count, visible
