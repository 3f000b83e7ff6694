"""How stale the reads of a run should be (docs/theory.md F8, F9)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from loadtests.prediction.steady_state import Traffic
from loadtests.service_under_test.contract import Knob
from loadtests.theory import staleness, ttl


@dataclass(frozen=True, slots=True)
class Staleness:
    """Expected staleness of the reads of a run in the steady state; None where it is unknown.

    Attributes:
        stale_ratio: Share of reads that are stale.
        mean_seconds: How long the value of a stale read had been superseded; None also if none is.
        visible_ratio: Of the reads that come a given time after a write of their key, the share
            that shows it.
    """

    stale_ratio: float | None
    mean_seconds: float | None = None
    visible_ratio: float | None = None


def predicted_staleness(
    traffic: Traffic, knobs: Mapping[str, Knob], visible_seconds: float, tolerance: float
) -> Staleness | None:
    """Return how stale reads should be; None if no formula applies.

    There is none without writes, with the cache off, for a trace or a popularity that moves, under
    early recompute or stale-while-revalidate, with a jittered TTL, and for unprotected loads that
    take time.

    Args:
        traffic: The requests of the run.
        knobs: All knobs in force on the service.
        visible_seconds: The time after a write that `visible_ratio` is about.
        tolerance: A read counts that comes this share of those seconds earlier or later.
    """
    masses = traffic.popularity.masses()
    if masses is None or not _has_formula(traffic, knobs):
        return None
    shares = masses.probability
    rates = np.maximum(shares * traffic.reads_per_second, 1e-300)
    writes = shares * traffic.writes_per_second
    of_all = masses.items * shares
    ttl_seconds = float(knobs["ttl_seconds"])
    fill_seconds = float(knobs.get("store_delay_seconds", 0.0))
    if knobs.get("invalidation", "delete") == "delete":
        if knobs.get("fencing", "on") == "on":
            return Staleness(0.0, None, 1.0)
        hits = ttl.unfenced_hit_ratios(rates, ttl.lifetimes(writes, ttl_seconds), fill_seconds)
        # A read is judged by writes that were acknowledged, and so by then invalidated.
        stale = staleness.stale_ratio_with_invalidation(hits, writes, 0.0, fill_seconds)
        return Staleness(float(np.sum(of_all * stale)))
    found = staleness.without_invalidation(
        rates, writes, ttl_seconds, fill_seconds, visible_seconds
    )
    ratio = float(np.sum(of_all * found.stale_ratio))
    lag = float(np.sum(of_all * found.lag_seconds)) / ratio if ratio else None
    # The chance that a read finds a write so long before it.
    soon = of_all * -np.expm1(-writes * 2 * tolerance * visible_seconds)
    return Staleness(ratio, lag, 1.0 - float(np.sum(soon * found.older_ratio) / np.sum(soon)))


def _has_formula(traffic: Traffic, knobs: Mapping[str, Knob]) -> bool:
    if traffic.reads is not None or not traffic.writes_per_second:
        return False
    if float(knobs["ttl_seconds"]) == 0 or knobs.get("ttl_jitter_ratio"):
        return False
    match knobs.get("protection", "single-flight"):
        case "early" | "stale":
            return False
        case "none":
            return float(knobs.get("store_delay_seconds", 0.0)) == 0
    return True
