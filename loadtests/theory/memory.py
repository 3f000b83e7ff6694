"""Hit ratios when entries end by eviction too, not only by their TTL (docs/theory.md F7)."""

from collections.abc import Callable
from math import factorial

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SERIES_LIMIT = 25
"""T / c above which the alternating series loses digits."""


def lru_hit_ratios(rates: Floats, characteristic_seconds: float) -> Floats:
    """Return 1 - e^(-lambda T_C) per item."""
    return -np.expm1(-rates * characteristic_seconds)


def fifo_hit_ratios(rates: Floats, characteristic_seconds: float) -> Floats:
    """Return lambda T_C / (1 + lambda T_C) per item, for FIFO and RANDOM."""
    reads = rates * characteristic_seconds
    return reads / (1.0 + reads)


def lru_ttl_hit_ratios(rates: Floats, characteristic_seconds: float, ttl_seconds: float) -> Floats:
    """Return hit ratios of LRU with a TTL that hits do not renew.

    Args:
        rates: Reads per second of each item, Poisson.
        characteristic_seconds: T_C, how long an item stays without a read.
        ttl_seconds: TTL of an entry.
    """
    if characteristic_seconds >= ttl_seconds:
        durations = np.full_like(rates, ttl_seconds)
    elif ttl_seconds / characteristic_seconds > SERIES_LIMIT:
        durations = _tail_durations(rates, characteristic_seconds, ttl_seconds)
    else:
        durations = _series_durations(rates, characteristic_seconds, ttl_seconds)
    return rates * durations / (1.0 + rates * durations)


def _series_durations(rates: Floats, gap_seconds: float, ttl_seconds: float) -> Floats:
    """Return E[min(T, end of the first gap of at least c)] exactly."""
    kept = np.exp(-rates * gap_seconds)
    durations = np.zeros_like(rates)
    for k in range(int(ttl_seconds / gap_seconds) + 1):
        now = max(0.0, ttl_seconds - k * gap_seconds) ** (k + 1)
        later = max(0.0, ttl_seconds - (k + 1) * gap_seconds) ** (k + 1)
        durations += (-rates * kept) ** k / factorial(k + 1) * (now - kept * later)
    return durations


def _tail_durations(rates: Floats, gap_seconds: float, ttl_seconds: float) -> Floats:
    """Return E[X] under the assumption that gaps of at least c occur at a constant rate."""
    until_gap = np.expm1(np.minimum(rates * gap_seconds, 700.0)) / rates
    durations: Floats = -until_gap * np.expm1(-ttl_seconds / until_gap)
    return durations


def characteristic_time(hit_ratios: Callable[[float], Floats], capacity: float) -> float:
    """Solve sum of hit ratios = capacity for T_C in seconds, by bisection.

    Args:
        hit_ratios: Hit ratio of each item as an increasing function of T_C.
        capacity: Items that fit in memory; below the number of items.

    Raises:
        ValueError: No T_C up to 10^9 s fills the memory: nothing is ever evicted.
    """
    low, high = 0.0, 1e-3
    while np.sum(hit_ratios(high)) < capacity:
        low, high = high, high * 2
        if high > 1e9:
            raise ValueError(f"capacity {capacity} is never reached: nothing is evicted")
    for _ in range(80):
        middle = (low + high) / 2
        if np.sum(hit_ratios(middle)) < capacity:
            low = middle
        else:
            high = middle
    return (low + high) / 2
