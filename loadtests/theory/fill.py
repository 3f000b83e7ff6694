"""One item whose fill takes time D (docs/theory.md F2)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class PlainFill:
    """Every read during the fill loads too.

    Attributes:
        hit_ratio: Share of reads that hit.
        loads_per_expiry: Loads from an expiry until the entry is filled.
        cycle_seconds: Mean time from one expiry to the next.
    """

    hit_ratio: float
    loads_per_expiry: float
    cycle_seconds: float


@dataclass(frozen=True, slots=True)
class CoalescedFill:
    """Reads during the fill wait for the one load; the three ratios add up to 1.

    Attributes:
        hit_ratio: Share of reads that hit.
        coalesced_ratio: Share of reads that wait for the load.
        load_ratio: Share of reads that load.
        mean_wait_seconds: Mean wait over all reads, hits included.
    """

    hit_ratio: float
    coalesced_ratio: float
    load_ratio: float
    mean_wait_seconds: float


def plain(rate: float, ttl_seconds: float, fill_seconds: float) -> PlainFill:
    """Return the case without coalescing for a constant fill time, T >= D (F2)."""
    last = fill_seconds + np.expm1(-rate * fill_seconds) / rate
    cycle = 1.0 / rate + fill_seconds + ttl_seconds + last
    return PlainFill(
        hit_ratio=float((ttl_seconds + last) / cycle),
        loads_per_expiry=1.0 + rate * fill_seconds,
        cycle_seconds=float(cycle),
    )


def set_if_absent_hit_ratio(rate: float, ttl_seconds: float, fill_seconds: float) -> float:
    """Return the hit ratio without coalescing when fills use SET NX, T >= D (F2)."""
    return rate * ttl_seconds / (1.0 + rate * (ttl_seconds + fill_seconds))


def first_alone_fills(ttl_seconds: float, fill_seconds: float) -> bool:
    """Return whether set-if-absent stores only the first of several concurrent loads (F2).

    A fill that takes longer than the TTL may find the first one's entry expired. A TTL of 0 stores
    nothing.
    """
    return ttl_seconds == 0 or fill_seconds <= ttl_seconds


def coalesced(
    rate: float, ttl_seconds: float, fill_seconds: float, fill_second_moment: float | None = None
) -> CoalescedFill:
    """Return the case of single-flight (F2).

    Args:
        rate: Reads per second, Poisson.
        ttl_seconds: TTL of an entry.
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


def loads_of_processes(
    rates: NDArray[np.float64], fill_seconds: float, processes: int
) -> NDArray[np.float64]:
    """Return the loads per expiry of items that each process coalesces by itself (F2).

    Each further process loads too if it is asked while the first one loads.

    Args:
        rates: Reads per second of each item, Poisson, spread evenly over the processes.
        fill_seconds: D, constant.
        processes: P, service processes that share the cache.
    """
    return 1.0 - (processes - 1) * np.expm1(-rates * fill_seconds / processes)


@dataclass(frozen=True, slots=True)
class RefreshWaits:
    """The sum of the waits of one load: that of the read that loads and those of its followers.

    Attributes:
        mean_seconds: Its mean.
        variance: Its variance in seconds squared.
    """

    mean_seconds: float
    variance: float


def refresh_waits(rate: float, fill_seconds: float) -> RefreshWaits:
    """Return the sum of the waits of one coalesced load whose time is exponential (F2).

    Args:
        rate: Reads per second, Poisson.
        fill_seconds: z, the mean fill time.
    """
    return RefreshWaits(
        fill_seconds + rate * fill_seconds**2,
        fill_seconds**2 + 6 * rate * fill_seconds**3 + 5 * rate**2 * fill_seconds**4,
    )


def loads_per_expiry(
    rate: float, fill_cdf: Callable[[np.ndarray], np.ndarray], horizon_seconds: float
) -> float:
    """Return loads per expiry without coalescing for random fill times (F2).

    The stampede ends when the first fill completes, long before a mean fill time.

    Args:
        rate: Reads per second, Poisson.
        fill_cdf: G, the distribution of one fill time.
        horizon_seconds: Time after which a fill has certainly completed.
    """
    times = np.linspace(0.0, horizon_seconds, 20_001)
    step = times[1] - times[0]
    filled = fill_cdf(times)
    integral = np.concatenate(([0.0], np.cumsum((filled[1:] + filled[:-1]) / 2.0) * step))
    survival = (1.0 - filled) * np.exp(-rate * integral)
    return float(1.0 + rate * np.trapezoid(survival, times))
