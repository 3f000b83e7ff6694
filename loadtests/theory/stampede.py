"""The loads that the expiry of a hot key causes (docs/theory.md F10, F11, F14)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EarlyRefresh:
    """XFetch on one key: every trigger loads in the background.

    Attributes:
        loads_per_refresh: Loads from the first trigger until the entry is refreshed.
        unrefreshed_share: Probability that no read triggers before the expiry.
        mean_lead_seconds: Time from the first trigger to the expiry; 0 without a trigger.
        period_seconds: Mean time from one refresh to the next.
    """

    loads_per_refresh: float
    unrefreshed_share: float
    mean_lead_seconds: float
    period_seconds: float


@dataclass(frozen=True, slots=True)
class StaleServing:
    """Stale-while-revalidate on one key; the four ratios add up to 1.

    Attributes:
        hit_ratio: Share of reads that find a fresh entry.
        stale_ratio: Share of reads that are served a stale entry.
        coalesced_ratio: Share of reads that wait for a load.
        miss_ratio: Share of reads that load while no entry is left.
        loads_per_second: Loads, background refreshes included.
    """

    hit_ratio: float
    stale_ratio: float
    coalesced_ratio: float
    miss_ratio: float
    loads_per_second: float


def open_loop_loads(rate: float, fill_seconds: float) -> float:
    """Return unprotected loads per expiry under open load, constant D (F10, F2)."""
    return 1.0 + rate * fill_seconds


def closed_loop_duplicates(
    users: int, share: float, throughput: float, fill_seconds: float
) -> float:
    """Return duplicate loads per expiry under a closed loop, at most users - 1 (F10).

    Args:
        users: U, concurrent users.
        share: Share of the lookups that the key has.
        throughput: Measured lookups per second over all keys.
        fill_seconds: D.
    """
    return float(-(users - 1) * np.expm1(-share * throughput * fill_seconds / users))


def early(rate: float, ttl_seconds: float, fill_seconds: float, beta: float) -> EarlyRefresh:
    """Return XFetch's loads, lead and period for a constant recompute time (F11).

    At the first trigger y = e^(-r / (beta D)) has the density a e^(-a y) on (0, 1); with the
    remaining probability e^-a no read triggers before the expiry. During the first trigger's load
    of D seconds further reads trigger. T must be well above the lead.

    Args:
        rate: Reads per second, Poisson.
        ttl_seconds: TTL of an entry.
        fill_seconds: D, also the delta of the rule.
        beta: XFetch's parameter.
    """
    scale = beta * fill_seconds
    pressure = rate * scale
    nobody = float(np.exp(-pressure))
    seen, weight = _first_trigger(pressure)
    remaining = -scale * np.log(seen)
    extra = _triggers_until(fill_seconds, remaining, rate, scale)
    at_expiry = rate * fill_seconds
    lasts = _last_trigger(remaining, rate, fill_seconds, scale)
    last_at_expiry = _last_trigger(np.zeros(1), rate, fill_seconds, scale)[0]
    lead = float(np.sum(weight * remaining))
    duplicate_tail = float(np.sum(weight * lasts) + nobody * last_at_expiry)
    return EarlyRefresh(
        loads_per_refresh=float(1.0 + np.sum(weight * extra) + nobody * at_expiry),
        unrefreshed_share=nobody,
        mean_lead_seconds=lead,
        period_seconds=ttl_seconds - lead + nobody / rate + fill_seconds + duplicate_tail,
    )


def _first_trigger(pressure: float) -> tuple[Floats, Floats]:
    """Return midpoints of equally likely intervals of y below 1, and their probabilities."""
    steps = 4_000
    reached = -np.expm1(-pressure)
    quantiles = (np.arange(steps) + 0.5) / steps * reached
    return -np.log1p(-quantiles) / pressure, np.full(steps, reached / steps)


def _triggers_until(
    elapsed: float | Floats, remaining: Floats, rate: float, scale: float
) -> Floats:
    """Return expected triggers in `elapsed` seconds that start `remaining` before the expiry."""
    before_expiry = np.minimum(elapsed, remaining)
    rising = (
        rate * scale * (np.exp((before_expiry - remaining) / scale) - np.exp(-remaining / scale))
    )
    after: Floats = rate * (elapsed - before_expiry)
    return rising + after


def _last_trigger(remaining: Floats, rate: float, fill: float, scale: float) -> Floats:
    """Return E[L'], the mean time of the last trigger within the load."""
    offsets = np.linspace(0.0, fill, 201)
    total = _triggers_until(fill, remaining, rate, scale)
    so_far = _triggers_until(offsets[:, None], remaining[None, :], rate, scale)
    still_to_come = -np.expm1(so_far - total[None, :])
    means: Floats = np.trapezoid(still_to_come, offsets, axis=0)
    return means


def stale_while_revalidate(
    rate: float, ttl_seconds: float, grace_seconds: float, fill_seconds: float
) -> StaleServing:
    """Return the shares under a soft TTL with one refresh at a time (F14).

    Args:
        rate: Reads per second, Poisson.
        ttl_seconds: Soft TTL.
        grace_seconds: How long after it a stale entry is served.
        fill_seconds: D, constant.

    Raises:
        ValueError: The grace period is shorter than D, for which there is no formula.
    """
    if grace_seconds < fill_seconds:
        raise ValueError(f"grace_seconds must be >= {fill_seconds} (D), got {grace_seconds}")
    reads_per_cycle = 1.0 + rate * (ttl_seconds + fill_seconds)
    outlived = float(np.exp(-rate * grace_seconds))
    # Without a read until then, the refresh or load ends after the entry has expired.
    waiting = float(np.exp(-rate * (grace_seconds - fill_seconds)))
    return StaleServing(
        hit_ratio=rate * ttl_seconds / reads_per_cycle,
        stale_ratio=(1.0 + rate * fill_seconds - waiting) / reads_per_cycle,
        coalesced_ratio=(waiting - outlived) / reads_per_cycle,
        miss_ratio=outlived / reads_per_cycle,
        loads_per_second=rate / reads_per_cycle,
    )
