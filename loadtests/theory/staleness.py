"""Age and staleness of served entries (docs/theory.md F8, F9): one item."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_RARELY_WRITTEN = 1e-3
"""Writes in the age of a value, below which the lag is taken from its first term."""


@dataclass(frozen=True, slots=True)
class StaleReads:
    """What reads return when writes do not invalidate, of each item and per read of it.

    Attributes:
        stale_ratio: Share of reads that are stale.
        lag_seconds: Mean seconds for which the value had been superseded, 0 if fresh.
        older_ratio: Share of reads whose value is older than a given time.
    """

    stale_ratio: Floats
    lag_seconds: Floats
    older_ratio: Floats


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


def without_invalidation(
    rates: Floats, write_rates: Floats, ttl_seconds: float, fill_seconds: float, after: float
) -> StaleReads:
    """Return how stale reads are when entries end with their TTL alone and fills take time (F8).

    A load reads its value at its start. So a value that hits is D to D + T old, a value that a
    coalesced read waits for 0 to D, and each age in between is equally likely.

    Args:
        rates: Reads per second of each item, Poisson.
        write_rates: Updates per second of each item, Poisson.
        ttl_seconds: TTL of an entry, above 0.
        fill_seconds: D, constant; loads are coalesced.
        after: The age that `older_ratio` is about, in seconds. A read so long after a write is
            stale if its value is older.
    """
    reads_per_cycle = 1.0 + rates * (ttl_seconds + fill_seconds)
    hit, waiting = rates * ttl_seconds / reads_per_cycle, rates * fill_seconds / reads_per_cycle
    stale = hit * _stale_share(write_rates, fill_seconds, ttl_seconds)
    lag = hit * _mean_lag(write_rates, fill_seconds, ttl_seconds)
    older = hit * np.clip((fill_seconds + ttl_seconds - after) / ttl_seconds, 0.0, 1.0)
    if fill_seconds > 0:
        stale += waiting * _stale_share(write_rates, 0.0, fill_seconds)
        lag += waiting * _mean_lag(write_rates, 0.0, fill_seconds)
        older += waiting * np.clip((fill_seconds - after) / fill_seconds, 0.0, 1.0)
    return StaleReads(stale, lag, older)


def _stale_share(write_rates: Floats, youngest: float, span: float) -> Floats:
    """Return P(written since) of a value whose age is uniform from *youngest* over *span*."""
    written = np.maximum(write_rates * span, 1e-12)
    fresh: Floats = np.exp(-write_rates * youngest) * -np.expm1(-written) / written
    return 1.0 - fresh


def _mean_lag(write_rates: Floats, youngest: float, span: float) -> Floats:
    """Return the mean time since the first write after such a value was read, 0 without one."""
    rare = write_rates * (youngest + span) < _RARELY_WRITTEN
    rates = np.where(rare, 1.0, write_rates)
    since = np.exp(-rates * youngest) * -np.expm1(-rates * span) / (rates**2 * span)
    squares = youngest**2 + youngest * span + span**2 / 3.0
    return np.where(rare, write_rates * squares / 2.0, youngest + span / 2.0 - 1.0 / rates + since)


def stale_share_after_write(seconds: float, hit_ratio: float, ttl_seconds: float) -> float:
    """Return P(a read this long after a write is stale) without invalidation (F8)."""
    return hit_ratio * max(0.0, 1.0 - seconds / ttl_seconds)


def stale_ratio_with_invalidation(
    hit_ratios: Floats, write_rates: Floats, delay_seconds: float, fill_seconds: float
) -> Floats:
    """Return the share of stale reads of each item under update-then-delete without fencing (F9).

    Args:
        hit_ratios: Of each item.
        write_rates: Updates per second of each item.
        delay_seconds: d, from the commit to the DEL being effective.
        fill_seconds: D, from the GET that missed to the SET being visible.
    """
    exposed = max(delay_seconds, fill_seconds)
    ratios: Floats = -hit_ratios * np.expm1(-write_rates * exposed)
    return ratios
