"""Hit ratios when memory, not only TTL, ends an entry's life (docs/theory.md F7)."""

from collections.abc import Callable
from math import factorial

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SERIES_LIMIT = 25  # T / c beyond which the alternating series loses digits


def lru_hit_ratios(rates: Floats, characteristic_seconds: float) -> Floats:
    """Return 1 - e^(-lambda T_C) per item."""
    return -np.expm1(-rates * characteristic_seconds)


def fifo_hit_ratios(rates: Floats, characteristic_seconds: float) -> Floats:
    """Return lambda T_C / (1 + lambda T_C) per item, for FIFO and RANDOM."""
    reads = rates * characteristic_seconds
    return reads / (1.0 + reads)


def lru_ttl_hit_ratios(rates: Floats, characteristic_seconds: float, ttl_seconds: float) -> Floats:
    """Return hit ratios of LRU with a TTL that hits do not renew."""
    if characteristic_seconds >= ttl_seconds:
        lives = np.full_like(rates, ttl_seconds)
    elif ttl_seconds / characteristic_seconds > SERIES_LIMIT:
        lives = _tail_lives(rates, characteristic_seconds, ttl_seconds)
    else:
        lives = _series_lives(rates, characteristic_seconds, ttl_seconds)
    return rates * lives / (1.0 + rates * lives)


def _series_lives(rates: Floats, gap_seconds: float, ttl_seconds: float) -> Floats:
    """Return E[min(T, end of the first gap of at least c)] exactly."""
    kept = np.exp(-rates * gap_seconds)
    lives = np.zeros_like(rates)
    for k in range(int(ttl_seconds / gap_seconds) + 1):
        now = max(0.0, ttl_seconds - k * gap_seconds) ** (k + 1)
        later = max(0.0, ttl_seconds - (k + 1) * gap_seconds) ** (k + 1)
        lives += (-rates * kept) ** k / factorial(k + 1) * (now - kept * later)
    return lives


def _tail_lives(rates: Floats, gap_seconds: float, ttl_seconds: float) -> Floats:
    """Return E[X] as if gaps of at least c came at a constant rate."""
    until_gap = np.expm1(np.minimum(rates * gap_seconds, 700.0)) / rates
    lives: Floats = -until_gap * np.expm1(-ttl_seconds / until_gap)
    return lives


def characteristic_time(hit_ratios: Callable[[float], Floats], capacity: float) -> float:
    """Solve sum of hit ratios = capacity for T_C in seconds, by bisection.

    Args:
        hit_ratios: Hit ratio per item as a function of T_C, growing.
        capacity: Items that fit; below the number of items.

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
