"""One item whose fill takes time D (docs/theory.md F2)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class PlainFill:
    """Every read during the fill loads by itself."""

    hit_ratio: float
    loads_per_expiry: float
    cycle_seconds: float


@dataclass(frozen=True, slots=True)
class CoalescedFill:
    """Reads during the fill wait for the one load; the three shares sum to 1."""

    hit_ratio: float
    coalesced_ratio: float
    load_ratio: float
    mean_wait_seconds: float


def plain(rate: float, ttl_seconds: float, fill_seconds: float) -> PlainFill:
    """Return the plain case with a constant fill time, T >= D (F2)."""
    last = fill_seconds + np.expm1(-rate * fill_seconds) / rate
    cycle = 1.0 / rate + fill_seconds + ttl_seconds + last
    return PlainFill(
        hit_ratio=float((ttl_seconds + last) / cycle),
        loads_per_expiry=1.0 + rate * fill_seconds,
        cycle_seconds=float(cycle),
    )


def set_if_absent_hit_ratio(rate: float, ttl_seconds: float, fill_seconds: float) -> float:
    """Return the plain hit ratio when duplicates fill with SET NX, T >= D (F2)."""
    return rate * ttl_seconds / (1.0 + rate * (ttl_seconds + fill_seconds))


def first_alone_fills(ttl_seconds: float, fill_seconds: float) -> bool:
    """Tell whether set-if-absent stores the first of several loads at once and no other (F2).

    A fill that takes longer than the TTL may find the first one's entry expired. Without a TTL
    nothing is stored.
    """
    return ttl_seconds == 0 or fill_seconds <= ttl_seconds


def coalesced(
    rate: float, ttl_seconds: float, fill_seconds: float, fill_second_moment: float | None = None
) -> CoalescedFill:
    """Return the single-flight case (F2).

    Args:
        rate: Reads per second, Poisson.
        ttl_seconds: Lifetime after a fill.
        fill_seconds: E[D].
        fill_second_moment: E[D^2]; None for a constant fill time.
    """
    moment = fill_seconds**2 if fill_second_moment is None else fill_second_moment
    reads_per_cycle = 1.0 + rate * (ttl_seconds + fill_seconds)
    return CoalescedFill(
        hit_ratio=rate * ttl_seconds / reads_per_cycle,
        coalesced_ratio=rate * fill_seconds / reads_per_cycle,
        load_ratio=1.0 / reads_per_cycle,
        mean_wait_seconds=(fill_seconds + rate * moment / 2.0) / reads_per_cycle,
    )


def loads_per_expiry(
    rate: float, fill_cdf: Callable[[np.ndarray], np.ndarray], horizon_seconds: float
) -> float:
    """Return loads per expiry when plain fill times are random (F2).

    The stampede ends at the first fill that completes, long before the mean one.

    Args:
        rate: Reads per second, Poisson.
        fill_cdf: G, the distribution of one fill time.
        horizon_seconds: A time by which some fill has surely completed.
    """
    times = np.linspace(0.0, horizon_seconds, 20_001)
    step = times[1] - times[0]
    filled = fill_cdf(times)
    integral = np.concatenate(([0.0], np.cumsum((filled[1:] + filled[:-1]) / 2.0) * step))
    survival = (1.0 - filled) * np.exp(-rate * integral)
    return float(1.0 + rate * np.trapezoid(survival, times))
