"""Expected ratios of one window after a cold start (docs/theory.md F3, F15)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc

Floats = NDArray[np.float64]

LONGEST_SUM = 1000
"""Cycles that are added one by one."""


@dataclass(frozen=True, slots=True)
class WindowExpectation:
    """Expected ratios of one window, as ratios of expectations.

    Attributes:
        hit_ratio: Share of reads that hit.
        offload_ratio: Share of reads that cause no load.
    """

    hit_ratio: float
    offload_ratio: float


def expected_cycles(
    rates: Floats, dead_seconds: Floats | float, at_seconds: Floats | float
) -> Floats:
    """Return M(t): how many cycles of each item have started by t (F3).

    A read of an item that is not covered starts a cycle, which covers the item for `dead_seconds`.
    The cache is empty at 0. After a thousand cycles the start no longer matters, and the renewal
    rate is used.

    Args:
        rates: Reads per second of each item, Poisson.
        dead_seconds: How long a cycle covers the item: T for instant fills.
        at_seconds: t, since the cache was empty, of all items or of each; 0 where it is negative.
    """
    dead = np.broadcast_to(np.asarray(dead_seconds, dtype=np.float64), rates.shape)
    at = np.broadcast_to(np.maximum(np.asarray(at_seconds, dtype=np.float64), 0.0), rates.shape)
    short = dead * LONGEST_SUM < at
    total: Floats = np.where(short, at / (dead + 1.0 / rates), 0.0)
    open_items = np.flatnonzero(~short)
    for cycle in range(LONGEST_SUM + 1):
        open_items = open_items[cycle * dead[open_items] < at[open_items]]
        left = at[open_items] - cycle * dead[open_items]
        total[open_items] += gammainc(cycle + 1, rates[open_items] * left)
    return total


def miss_ratio(rates: Floats, ttl_seconds: float, opens: float, closes: float) -> float:
    """Return E[misses in the window] / E[reads in the window] for instant fills (F3).

    Args:
        rates: Reads per second of each item, Poisson.
        ttl_seconds: TTL of an entry.
        opens: Start of the window in seconds after the cache was empty.
        closes: Its end.
    """
    misses = expected_cycles(rates, ttl_seconds, closes) - expected_cycles(
        rates, ttl_seconds, opens
    )
    return float(np.sum(misses) / (np.sum(rates) * (closes - opens)))


def coalesced(
    rates: Floats,
    ttl_seconds: Floats | float,
    fill_seconds: float,
    span: tuple[float, float],
    loads_per_cycle: Floats | float = 1.0,
) -> WindowExpectation:
    """Return the expectation of a window when concurrent misses share one load (F15).

    Args:
        rates: Reads per second of each item, Poisson.
        ttl_seconds: TTL, of all items or of each.
        fill_seconds: D, from the GET that missed to the SET being visible.
        span: Start and end of the window, seconds after the cache was empty.
        loads_per_cycle: Above 1 if several processes each coalesce only their own loads
            (`fill.loads_of_processes`).
    """
    opens, closes = span
    covered = np.broadcast_to(np.asarray(ttl_seconds, dtype=np.float64), rates.shape) + fill_seconds
    cycles = expected_cycles(rates, covered, closes) - expected_cycles(rates, covered, opens)
    reads = rates * (closes - opens)
    live_share = np.divide(ttl_seconds, covered, out=np.zeros_like(rates), where=covered > 0)
    total = float(np.sum(reads))
    hits = float(np.sum((reads - cycles) * live_share))
    return WindowExpectation(hits / total, float(np.sum(reads - cycles * loads_per_cycle)) / total)


def uncoalesced(
    rates: Floats, ttl_seconds: Floats | float, fill_seconds: float, opens: float, closes: float
) -> WindowExpectation:
    """Return the expectation of a window when every concurrent miss loads (F2 with SET NX, F3).

    A cycle then has 1 + lambda D loads, of which only the first fills; the others find its entry
    and do not replace it. So each item is covered for D + T, provided that
    `fill.first_alone_fills`. A TTL of 0 stores nothing, and every read is a cycle.
    """
    filling = np.where(np.asarray(ttl_seconds) > 0, fill_seconds, 0.0)
    covered = filling + ttl_seconds
    cycles = expected_cycles(rates, covered, closes) - expected_cycles(rates, covered, opens)
    loads = np.sum(cycles * (1.0 + rates * filling))
    hit = 1.0 - float(loads / (np.sum(rates) * (closes - opens)))
    return WindowExpectation(hit, hit)


def stale_served(
    rates: Floats,
    ttl_seconds: Floats | float,
    grace_seconds: Floats | float,
    fill_seconds: float,
    span: tuple[float, float],
) -> WindowExpectation:
    """Return the expectation of a window under stale-while-revalidate (F14, F3).

    Stale answers count as hits. The loads of an item are those of single-flight. The first one is a
    miss; each later one is a miss if no read came in the grace period before it, and a background
    refresh otherwise. So misses are counted at the random times at which they come.

    Args:
        rates: Reads per second of each item, Poisson.
        ttl_seconds: Soft TTL, of all items or of each.
        grace_seconds: How long after it a stale entry is served, of all items or of each; 0 or at
            least D.
        fill_seconds: D, from the GET that missed to the SET being visible.
        span: Start and end of the window, seconds after the cache was empty.
    """
    covered = np.asarray(ttl_seconds, dtype=np.float64) + fill_seconds
    grace = np.broadcast_to(np.asarray(grace_seconds, dtype=np.float64), rates.shape)
    outlived = np.exp(-rates * grace)
    waiting_at_first = 1.0 + rates * fill_seconds
    waiting_at_later = np.where(
        grace < fill_seconds,
        outlived * waiting_at_first,
        np.exp(-rates * np.maximum(grace - fill_seconds, 0.0)),
    )
    opens, closes = span

    def later_loads(at: float) -> Floats:
        late = np.maximum(at - grace, 0.0)
        loads: Floats = expected_cycles(rates, covered, late) + np.expm1(-rates * late)
        return loads

    first = np.exp(-rates * opens) - np.exp(-rates * closes)
    later = later_loads(closes) - later_loads(opens)
    total = float(np.sum(rates)) * (closes - opens)
    waiting = float(np.sum(first * waiting_at_first + later * waiting_at_later))
    misses = float(np.sum(first + later * outlived))
    return WindowExpectation(1.0 - waiting / total, 1.0 - misses / total)
