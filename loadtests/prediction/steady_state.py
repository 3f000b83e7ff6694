"""What hit ratio theory expects of popularity, rate and knobs (docs/theory.md F1-F6, F14)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadtests.service_under_test.contract import Knob
from loadtests.theory import fill, replay, stampede, ttl
from loadtests.traffic.popularity import Masses, Popularity

Floats = NDArray[np.float64]

_GRID = 512


@dataclass(frozen=True)
class Traffic:
    """What arrives at the cache.

    Attributes:
        popularity: Which ids are asked for.
        reads_per_second: Of all lookups; closed loops have none that is known.
        writes_per_second: Of all writes, which have the same popularity.
        reads: Time in seconds and id of each read where they are known exactly, as in a trace;
            None where they are drawn.
    """

    popularity: Popularity
    reads_per_second: float
    writes_per_second: float = 0.0
    reads: Sequence[tuple[float, int]] | None = None


def predicted_hit_ratio(traffic: Traffic, knobs: Mapping[str, Knob]) -> float | None:
    """Return the steady-state hit ratio, of a trace the exact one from an empty cache.

    Loads at once hit as often unprotected as coalesced, as long as only the first of them fills.

    None where theory says nothing: cache off, early recompute, unprotected loads that take longer
    than the TTL, a popularity that moves, ids asked for once that come round while they are still
    cached; for a trace also where entries do not
    simply end with their TTL.
    """
    ttl_seconds = float(knobs["ttl_seconds"])
    fill_seconds = float(knobs.get("store_delay_seconds", 0.0))
    if ttl_seconds == 0:
        return None
    if traffic.reads is not None:
        counts = replay.replayed(traffic.reads, knobs, fill_seconds)
        return None if counts is None else counts.hit_ratio
    masses = traffic.popularity.masses()
    if masses is None or _comes_round(traffic, masses, knobs) or _several_fill(masses, knobs):
        return None
    per_id = _hit_ratios(traffic, masses, ttl_seconds, fill_seconds, knobs)
    if per_id is None:
        return None
    known = float(np.sum(masses.items * masses.probability * per_id))
    negative_ttl_seconds = float(knobs.get("negative_ttl_seconds", 0.0))
    return known + _negative(traffic, masses, negative_ttl_seconds, fill_seconds)


def _comes_round(traffic: Traffic, masses: Masses, knobs: Mapping[str, Knob]) -> bool:
    """Tell whether ids that are asked for in turn are asked for again while still cached."""
    life_seconds = float(knobs["ttl_seconds"]) * (1.0 + float(knobs.get("ttl_jitter_ratio", 0.0)))
    if knobs.get("protection") == "stale":
        life_seconds += float(knobs.get("stale_seconds", 0.0))
    each_second = (traffic.reads_per_second + traffic.writes_per_second) * masses.one_hit_ratio
    return each_second * life_seconds > masses.one_hit_items


def _several_fill(masses: Masses, knobs: Mapping[str, Knob]) -> bool:
    """Tell whether unprotected loads at once may be stored one after the other."""
    if knobs.get("protection") != "none":
        return False
    fill_seconds = float(knobs.get("store_delay_seconds", 0.0))
    ttls = [float(knobs["ttl_seconds"])]
    if masses.missing_items:
        ttls.append(float(knobs.get("negative_ttl_seconds", 0.0)))
    return not all(fill.first_alone_fills(seconds, fill_seconds) for seconds in ttls)


def _hit_ratios(
    traffic: Traffic,
    masses: Masses,
    ttl_seconds: float,
    fill_seconds: float,
    knobs: Mapping[str, Knob],
) -> Floats | None:
    rates = np.maximum(masses.probability * traffic.reads_per_second, 1e-300)
    invalidating = knobs.get("invalidation", "delete") == "delete"
    writes = masses.probability * (traffic.writes_per_second if invalidating else 0.0)
    match knobs.get("protection", "single-flight"):
        case "early":
            return None
        case "stale":
            if writes.any():
                return None
            grace = float(knobs.get("stale_seconds", 0.0))
            return _stale_or_hit(rates, ttl_seconds, grace, fill_seconds)
    jitter = float(knobs.get("ttl_jitter_ratio", 0.0))
    return ttl.hit_ratios_with_writes(
        rates, writes, ttl_seconds, jitter_ratio=jitter, fill_seconds=fill_seconds
    )


def _stale_or_hit(
    rates: Floats, ttl_seconds: float, grace_seconds: float, fill_seconds: float
) -> Floats:
    """Evaluate F14, which is for one item, at enough rates to interpolate all others."""
    grid = np.geomspace(rates.min(), rates.max() * (1 + 1e-12), _GRID)
    shares = [
        stampede.stale_while_revalidate(float(rate), ttl_seconds, grace_seconds, fill_seconds)
        for rate in grid
    ]
    at_grid = [share.hit_ratio + share.stale_ratio for share in shares]
    return np.asarray(np.interp(np.log(rates), np.log(grid), at_grid))


def _negative(
    traffic: Traffic, masses: Masses, negative_ttl_seconds: float, fill_seconds: float
) -> float:
    if not masses.missing_items:
        return 0.0
    rate = masses.missing_probability * traffic.reads_per_second
    hit = fill.coalesced(rate, negative_ttl_seconds, fill_seconds).hit_ratio
    return masses.missing_items * masses.missing_probability * hit
