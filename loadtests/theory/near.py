"""The near tier: a TTL cache of each process in front of Redis (docs/theory.md F16)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc

from loadtests.theory.window import LONGEST_SUM

Floats = NDArray[np.float64]

_GRID = 256
_HALVINGS = 40


def near_shares(
    rates: Floats,
    near_seconds: float,
    life_seconds: float,
    processes: int,
    writes_per_read: float = 0.0,
) -> Floats:
    """Return the share of each item's hits that the near tiers answer.

    Args:
        rates: Reads per second of each item over all processes, Poisson and above 0.
        near_seconds: S, how long a process serves what it read from Redis.
        life_seconds: T, how long an entry is served fresh from Redis if nobody writes it.
        processes: P, which share the reads evenly.
        writes_per_read: Invalidating writes of an item for each read of it.
    """
    if near_seconds <= 0 or life_seconds <= 0:
        return np.zeros_like(rates)
    if rates.size <= _GRID:
        return _shares(rates, near_seconds, life_seconds, processes, writes_per_read)
    # A share depends on the item's rate alone, and smoothly.
    grid = np.geomspace(rates.min(), rates.max() * (1 + 1e-12), _GRID)
    at_grid = _shares(grid, near_seconds, life_seconds, processes, writes_per_read)
    return np.asarray(np.interp(np.log(rates), np.log(grid), at_grid))


def seconds_that_fit(
    near_seconds: float, entries: float, asked_per_second: Callable[[float], float]
) -> float:
    """Return how long a near tier keeps an entry if it has room for only a number of them.

    A full tier drops the entry that was read first. All may stay equally long, so those that have
    ended go first, and the others go after the time in which as many come as the tier holds.

    Args:
        near_seconds: S, how long an entry stays if there is room.
        entries: How many the tier of one process holds.
        asked_per_second: Returns the entries that one process reads from Redis each second if it
            keeps each for so long.
    """
    low, high = 0.0, near_seconds
    if near_seconds <= 0 or near_seconds * asked_per_second(near_seconds) <= entries:
        return near_seconds
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        fits = middle * asked_per_second(middle) <= entries
        low, high = (middle, high) if fits else (low, middle)
    return low


def _shares(
    rates: Floats,
    near_seconds: float,
    life_seconds: float,
    processes: int,
    writes_per_read: float,
) -> Floats:
    each, writes = rates / processes, rates * writes_per_read
    asked = _asked_in_a_life(each, writes, near_seconds, life_seconds)
    hits = rates * life_seconds * _survival(writes * life_seconds)
    return np.clip(1.0 - processes * asked / np.maximum(hits, 1e-300), 0.0, 1.0)


def _asked_in_a_life(
    each: Floats, writes: Floats, near_seconds: float, life_seconds: float
) -> Floats:
    """Return E[M(X)]: how often one process asks Redis while an entry lives.

    It asks at the first read of the entry's life, and at the first read after S from there.
    """
    total = np.zeros_like(each)
    together = each + writes
    if life_seconds <= LONGEST_SUM * near_seconds:
        weight = each / together
        for cycle in range(int(np.ceil(life_seconds / near_seconds))):
            left = life_seconds - cycle * near_seconds
            total += weight * gammainc(cycle + 1, together * left)
            weight = weight * (each / together) * np.exp(-writes * near_seconds)
        return total
    # By then reads come at the renewal rate; what the first cycles differ by is kept.
    mean = near_seconds + 1.0 / each
    squared = near_seconds**2 + 2.0 * near_seconds / each + 2.0 / each**2
    excess = squared / (2.0 * mean**2) - 1.0 / (each * mean)
    unwritten = life_seconds / mean + excess
    ratio, ended = each / together, np.exp(-writes * near_seconds)
    safe = np.maximum(writes, 1e-300)
    written = ratio / (1.0 - ratio * ended + 1e-300) - np.exp(-writes * life_seconds) / (
        safe * mean
    )
    return np.where(writes * life_seconds < _FEW_WRITES, unwritten, written)


_FEW_WRITES = 1e-6


def _survival(written: Floats) -> Floats:
    """Return (1 - e^-x) / x, the part of T that an entry lives in the mean."""
    small = written < 1e-9
    safe = np.where(small, 1.0, written)
    return np.where(small, 1.0, -np.expm1(-safe) / safe)
