"""Age and staleness of served entries (docs/theory.md F8, F9): one item, D = 0."""

import numpy as np


def mean_age_per_read(hit_ratio: float, ttl_seconds: float) -> float:
    """Return the mean age in seconds of the values that reads return; a miss returns age 0 (F8)."""
    return hit_ratio * ttl_seconds / 2.0


def stale_share_of_hits(write_rate: float, ttl_seconds: float) -> float:
    """Return P(stale | hit) when writes do not invalidate (F8).

    Args:
        write_rate: Updates per second, Poisson.
        ttl_seconds: TTL of an entry.
    """
    written = write_rate * ttl_seconds
    return float(1.0 + np.expm1(-written) / written) if written > 0 else 0.0


def stale_ratio(rate: float, write_rate: float, ttl_seconds: float) -> float:
    """Return the share of all reads that are stale without invalidation (F8)."""
    hit = rate * ttl_seconds / (1.0 + rate * ttl_seconds)
    return hit * stale_share_of_hits(write_rate, ttl_seconds)


def mean_lag_per_hit(write_rate: float, ttl_seconds: float) -> float:
    """Return the mean seconds for which a served value had been superseded, 0 if fresh (F8)."""
    written = write_rate * ttl_seconds
    if written == 0:
        return 0.0
    return float(ttl_seconds / 2.0 - 1.0 / write_rate - np.expm1(-written) / (write_rate * written))


def stale_share_after_write(seconds: float, hit_ratio: float, ttl_seconds: float) -> float:
    """Return P(a read this long after a write is stale) without invalidation (F8)."""
    return hit_ratio * max(0.0, 1.0 - seconds / ttl_seconds)


def stale_ratio_with_invalidation(
    hit_ratio: float, write_rate: float, delay_seconds: float, fill_seconds: float
) -> float:
    """Return the share of stale reads under update-then-delete without fencing (F9).

    Args:
        hit_ratio: Hit ratio of the item.
        write_rate: Updates per second.
        delay_seconds: d, from the commit to the DEL being effective.
        fill_seconds: D, from the GET that missed to the SET being visible.
    """
    exposed = max(delay_seconds, fill_seconds)
    return float(-hit_ratio * np.expm1(-write_rate * exposed))
