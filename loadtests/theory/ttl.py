"""Hit ratios of a TTL cache with instant fills (docs/theory.md F1, F4, F5, F6).

Reads of item i are Poisson with `rates[i]` per second; a hit does not renew the TTL. Quantities of
each item are arrays, quantities over all items are floats.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def hit_ratios(rates: Floats, ttl_seconds: float) -> Floats:
    """Return each item's hit ratio, lambda T / (1 + lambda T) (F1)."""
    expected_hits = rates * ttl_seconds
    return expected_hits / (1.0 + expected_hits)


def aggregate(rates: Floats, per_item: Floats) -> float:
    """Return the mean of a quantity of each item, weighted by how often the item is read."""
    return float(np.sum(rates * per_item) / np.sum(rates))


def hit_ratio(rates: Floats, ttl_seconds: float) -> float:
    """Return the hit ratio over all items (F1)."""
    return aggregate(rates, hit_ratios(rates, ttl_seconds))


def loads_per_second(rates: Floats, ttl_seconds: float) -> float:
    """Return the reads that reach the store each second (F1)."""
    return float(np.sum(rates / (1.0 + rates * ttl_seconds)))


def live_entries(rates: Floats, ttl_seconds: float) -> float:
    """Return the mean number of unexpired entries in the cache (F1, Little)."""
    return float(np.sum(hit_ratios(rates, ttl_seconds)))


def renewal_hit_ratio(mean_arrivals: Floats | float) -> Floats | float:
    """Return the hit ratio for arrivals that are not Poisson (F1).

    Args:
        mean_arrivals: m(T), the mean number of reads of an item in the TTL after one of its reads.
    """
    return mean_arrivals / (1.0 + mean_arrivals)


def paced_hit_ratios(shares: Floats, rate: float, ttl_seconds: float) -> Floats:
    """Return hit ratios when the whole stream is evenly paced (F1).

    Args:
        shares: Probability of each item; items are drawn independently.
        rate: Lookups per second over all items.
        ttl_seconds: TTL of an entry.
    """
    mean_arrivals: Floats = shares * np.floor(rate * ttl_seconds)
    return mean_arrivals / (1.0 + mean_arrivals)


def lifetimes(write_rates: Floats, ttl_seconds: float, jitter_ratio: float = 0.0) -> Floats:
    """Return E[X], the mean time until an entry expires or is invalidated (F4, F5).

    Args:
        write_rates: Invalidating writes per second of each item.
        ttl_seconds: Mean TTL; infinity is allowed if every item is written.
        jitter_ratio: j of a TTL uniform on T(1 - j) to T(1 + j).
    """
    if np.isinf(ttl_seconds):
        return 1.0 / write_rates
    written = write_rates * ttl_seconds
    spread = written * jitter_ratio
    # (1 - e^-x sinh(y) / y) / x loses digits for small x; its limit is 1. For large y, sinh(y)
    # overflows, but e^(y-x) (1 - e^-2y) / 2 does not.
    small = written < 1e-9
    safe_written = np.where(small, 1.0, written)
    safe_spread = np.where(spread < 1e-9, 1.0, spread)
    stretch = np.where(spread < 1e-9, 1.0, -np.expm1(-2.0 * safe_spread) / (2.0 * safe_spread))
    outlived = np.exp(spread - written) * stretch
    shortened = np.where(small, 1.0, (1.0 - outlived) / safe_written)
    return ttl_seconds * shortened


def hit_ratios_with_writes(
    rates: Floats,
    write_rates: Floats,
    ttl_seconds: float,
    *,
    jitter_ratio: float = 0.0,
    fill_seconds: float = 0.0,
) -> Floats:
    """Return hit ratios when writes delete the entry (F4, F5).

    A write during a load fences its fill, so that the next reader loads again.

    Args:
        rates: Reads per second of each item.
        write_rates: Invalidating writes per second of each item.
        ttl_seconds: Mean TTL.
        jitter_ratio: See `lifetimes`.
        fill_seconds: D, from the GET that missed to the SET being visible; loads
            are coalesced.
    """
    means = lifetimes(write_rates, ttl_seconds, jitter_ratio)
    # Attempts until a load is stored: e^(wD); each lasts 1 / lambda and until it ends or a write.
    filled = means * np.exp(-write_rates * fill_seconds)
    attempt = 1.0 / rates + lifetimes(write_rates, fill_seconds)
    ratios: Floats = filled / (filled + attempt)
    return ratios


def unfenced_hit_ratios(
    rates: Floats, lifetimes_seconds: Floats | float, fill_seconds: float
) -> Floats:
    """Return hit ratios when a write during a load does not prevent its fill (F4).

    Args:
        rates: Reads per second of each item.
        lifetimes_seconds: E[X] of each item, from `lifetimes`.
        fill_seconds: See `hit_ratios_with_writes`.
    """
    return rates * lifetimes_seconds / (1.0 + rates * (lifetimes_seconds + fill_seconds))


def hit_ratio_with_missing(
    rates: Floats,
    ttl_seconds: float,
    missing_rates: Floats,
    negative_ttl_seconds: float,
) -> float:
    """Return the hit ratio when some reads ask for ids that do not exist (F6).

    Args:
        rates: Reads per second of each existing item.
        ttl_seconds: TTL of an entry.
        missing_rates: Reads per second of each missing id.
        negative_ttl_seconds: TTL of a cached absence; 0 caches none.
    """
    hits = np.sum(rates * hit_ratios(rates, ttl_seconds))
    negatives = np.sum(missing_rates * hit_ratios(missing_rates, negative_ttl_seconds))
    return float((hits + negatives) / (np.sum(rates) + np.sum(missing_rates)))


def sampling_variance(rates: Floats, ttl_seconds: float) -> float:
    """Return kappa: the variance of a measured hit ratio is kappa / lookups (§3)."""
    ratios = hit_ratios(rates, ttl_seconds)
    misses = 1.0 - ratios
    miss_ratio = aggregate(rates, misses)
    return aggregate(rates, ratios * miss_ratio**2 + misses * (misses - miss_ratio) ** 2)
