"""What a trial should show, said before its window opens and never fitted to it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadtests.experiments.reads import Reads
from loadtests.experiments.theory import replay, window
from loadtests.experiments.window import Window

WINDOW = "expectation over this window after a cold start, fill time included (F3, F15)"
STALE = "expectation over this window under stale-while-revalidate (F3, F14)"

Floats = NDArray[np.float64]
Knobs = Mapping[str, float | str]


@dataclass(frozen=True, slots=True)
class Prediction:
    """Expected ratios, and from what they follow."""

    hit_ratio: float | None  # None where there is no formula, or nothing asks the cache
    offload_ratio: float | None  # None likewise
    loads_per_second: float | None  # what the store is asked, background refreshes included
    fill_seconds: float | None  # D, measured by a probe before the trial; None where unknown
    method: str  # in words, for the report


def predict_window(
    reads: Reads | None,
    knobs: Knobs,
    fill_seconds: float | None,
    span: Window,
) -> Prediction:
    """Predict a window after a cold start under Poisson or paced arrivals.

    Args:
        reads: How often each id is asked for; None where that changes with time.
        knobs: Of the service, all that are in force.
        fill_seconds: D from the probe; None counts as instant.
        span: The very window that will be measured.
    """
    ttl_seconds, protection = float(knobs["ttl_seconds"]), knobs.get("protection")
    if ttl_seconds == 0:
        return Prediction(None, None, None, fill_seconds, "cache off: every lookup is a bypass")
    if reads is None:
        return Prediction(None, None, None, fill_seconds, "no formula for a popularity that moves")
    if protection == "early":
        return Prediction(
            None, None, None, fill_seconds, "no formula for early recompute over many keys"
        )
    lives = np.full_like(reads.rates, ttl_seconds)
    lives[len(lives) - reads.missing :] = float(knobs.get("negative_ttl_seconds", 0.0))
    fill = fill_seconds or 0.0
    if protection == "stale":
        grace = float(knobs["stale_seconds"])
        edges = (span.opens, span.closes)
        expected, method = window.stale_served(reads.rates, lives, grace, fill, edges), STALE
        # Each soft expiry that somebody notices is one load, as each expiry is elsewhere.
        loaded = window.coalesced(reads.rates, lives, fill, *edges)
    else:
        expect = window.uncoalesced if protection == "none" else window.coalesced
        expected, method = expect(reads.rates, lives, fill, span.opens, span.closes), WINDOW
        loaded = expected
    share = reads.repeated_share
    loads = float(np.sum(reads.rates)) * (1.0 - loaded.offload_ratio) + reads.unrepeated_rate
    return Prediction(
        expected.hit_ratio * share, expected.offload_ratio * share, loads, fill_seconds, method
    )


def predict_trace(
    sequence: list[tuple[float, int]], knobs: Knobs, fill_seconds: float | None
) -> Prediction:
    """Predict a trace from its first request on, by exact replay.

    Args:
        sequence: Time in seconds and id of every request, in order.
        knobs: Of the service, all that are in force.
        fill_seconds: D from the probe; None counts as instant.
    """
    ttl_seconds, protection = float(knobs["ttl_seconds"]), knobs.get("protection")
    if ttl_seconds == 0 or protection in ("early", "stale"):
        return Prediction(None, None, None, fill_seconds, f"no replay for protection {protection}")
    run = replay.uncoalesced if protection == "none" else replay.coalesced
    counts = run(sequence, ttl_seconds, fill_seconds or 0.0)
    return Prediction(
        counts.hit_ratio,
        counts.offload_ratio,
        counts.miss / sequence[-1][0] if counts.miss and sequence[-1][0] else None,
        fill_seconds,
        "exact replay of the trace from an empty cache, fill time included",
    )
