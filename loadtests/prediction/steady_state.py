"""The hit ratio that theory predicts for popularity, rate and knobs (docs/theory.md F1-F6, F14)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadtests.prediction.key_rates import whole_steps
from loadtests.replay.arrival_sequence import Requests
from loadtests.replay.run_replay import InForce, replay_requests
from loadtests.service_under_test.contract import Knob, hit_ratio
from loadtests.theory import fill, stampede, ttl
from loadtests.traffic.popularity import Masses, Popularity

Floats = NDArray[np.float64]

SEVERAL_FILL = "no formula for unprotected loads that take longer than the TTL"
SHORT_GRACE = "no formula for refreshes that take longer than a stale entry is kept"

_GRID = 512


@dataclass(frozen=True)
class Traffic:
    """The requests that reach the service.

    Attributes:
        popularity: Which ids are asked for.
        reads_per_second: Lookups per second over all ids.
        writes_per_second: Writes per second over all ids; they have the same popularity.
        reads: The requests of a trace; None if they are drawn.
        step_seconds: Time between two paced requests; 0 for Poisson arrivals.
        processes: Service processes, which share the requests evenly.
    """

    popularity: Popularity
    reads_per_second: float
    writes_per_second: float = 0.0
    reads: Requests | None = None
    step_seconds: float = 0.0
    processes: int = 1

    def covered(self, seconds: float, fill_seconds: float) -> float:
        """Return the part of a time after a fill into which requests can fall (F1)."""
        if not self.step_seconds:
            return seconds
        ended = whole_steps(fill_seconds + seconds, self.step_seconds)
        return ended - whole_steps(fill_seconds, self.step_seconds)


def predicted_hit_ratio(traffic: Traffic, knobs: Mapping[str, Knob]) -> float | None:
    """Return the hit ratio in the steady state; that of a trace exactly, from an empty cache.

    Unprotected concurrent loads hit as often as coalesced ones, as long as only the first of them
    fills.

    Return None if no formula applies: cache off, early recompute, unprotected loads that take
    longer than the TTL, refreshes that take longer than stale entries are kept, a popularity that
    moves, one-hit ids that come again while still cached. A trace always has a prediction, unless
    the cache is off.
    """
    ttl_seconds = float(knobs["ttl_seconds"])
    fill_seconds = float(knobs.get("store_delay_seconds", 0.0))
    if ttl_seconds == 0:
        return None
    if traffic.reads is not None:
        return hit_ratio(replay_requests(traffic.reads, InForce(knobs, fill_seconds)).total)
    masses = traffic.popularity.masses()
    if masses is None or _one_hit_ids_hit(traffic, masses, knobs):
        return None
    if slow_fills(knobs, fill_seconds, missing=bool(masses.missing_items)):
        return None
    per_id = _hit_ratios(traffic, masses, fill_seconds, knobs)
    if per_id is None:
        return None
    known = float(np.sum(masses.items * masses.probability * per_id))
    negative_ttl_seconds = float(knobs.get("negative_ttl_seconds", 0.0))
    return known + _negative_hit_ratio(traffic, masses, negative_ttl_seconds, fill_seconds)


def _one_hit_ids_hit(traffic: Traffic, masses: Masses, knobs: Mapping[str, Knob]) -> bool:
    """Return whether ids that are asked for in turn come again while they are still cached."""
    cached_seconds = float(knobs["ttl_seconds"]) * (1.0 + float(knobs.get("ttl_jitter_ratio", 0.0)))
    if knobs.get("protection") == "stale":
        cached_seconds += float(knobs.get("stale_seconds", 0.0))
    each_second = (traffic.reads_per_second + traffic.writes_per_second) * masses.one_hit_ratio
    return each_second * cached_seconds > masses.one_hit_items


def slow_fills(knobs: Mapping[str, Knob], fill_seconds: float, *, missing: bool) -> str | None:
    """Return why there is no formula for fills that take so long; None if there is one.

    Args:
        knobs: All knobs in force on the service.
        fill_seconds: D, from the GET that missed to the SET being visible.
        missing: Whether ids are asked for that do not exist.
    """
    match knobs.get("protection"):
        case "none":
            ttls = [float(knobs["ttl_seconds"])]
            if missing:
                ttls.append(float(knobs.get("negative_ttl_seconds", 0.0)))
            if not all(fill.first_alone_fills(seconds, fill_seconds) for seconds in ttls):
                return SEVERAL_FILL
        case "stale" if float(knobs.get("stale_seconds", 0.0)) < fill_seconds:
            return SHORT_GRACE
    return None


def _hit_ratios(
    traffic: Traffic,
    masses: Masses,
    fill_seconds: float,
    knobs: Mapping[str, Knob],
) -> Floats | None:
    ttl_seconds = float(knobs["ttl_seconds"])
    live = traffic.covered(ttl_seconds, fill_seconds)
    filling = whole_steps(fill_seconds, traffic.step_seconds)
    rates = np.maximum(masses.probability * traffic.reads_per_second, 1e-300)
    invalidating = knobs.get("invalidation", "delete") == "delete"
    writes = masses.probability * (traffic.writes_per_second if invalidating else 0.0)
    match knobs.get("protection", "single-flight"):
        case "early":
            return None
        case "stale":
            if writes.any():
                return None
            grace = traffic.covered(
                float(knobs.get("stale_seconds", 0.0)), fill_seconds + ttl_seconds
            )
            return _stale_or_hit(rates, live, max(grace, filling), filling)
    jitter = float(knobs.get("ttl_jitter_ratio", 0.0))
    if knobs.get("fencing", "on") != "on":
        return ttl.unfenced_hit_ratios(rates, ttl.lifetimes(writes, live, jitter), filling)
    return ttl.hit_ratios_with_writes(
        rates, writes, live, jitter_ratio=jitter, fill_seconds=filling
    )


def _stale_or_hit(
    rates: Floats, ttl_seconds: float, grace_seconds: float, fill_seconds: float
) -> Floats:
    """Evaluate F14, a formula for one item, at enough rates to interpolate those of all items."""
    grid = np.geomspace(rates.min(), rates.max() * (1 + 1e-12), _GRID)
    shares = [
        stampede.stale_while_revalidate(float(rate), ttl_seconds, grace_seconds, fill_seconds)
        for rate in grid
    ]
    at_grid = [share.hit_ratio + share.stale_ratio for share in shares]
    return np.asarray(np.interp(np.log(rates), np.log(grid), at_grid))


def _negative_hit_ratio(
    traffic: Traffic, masses: Masses, negative_ttl_seconds: float, fill_seconds: float
) -> float:
    if not masses.missing_items:
        return 0.0
    rate = masses.missing_probability * traffic.reads_per_second
    live = traffic.covered(negative_ttl_seconds, fill_seconds)
    filling = whole_steps(fill_seconds, traffic.step_seconds)
    hit = fill.coalesced(rate, live, filling).hit_ratio
    return masses.missing_items * masses.missing_probability * hit
