"""What a trial should show, said before its window opens and never fitted to it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from loadtests.prediction.key_rates import Reads
from loadtests.prediction.measuring_window import Window
from loadtests.theory import fill, replay, window
from loadtests.theory.window import WindowExpectation

WINDOW = "expectation over this window after a cold start, fill time included (F3, F15)"
STALE = "expectation over this window under stale-while-revalidate (F3, F14)"
CACHE_OFF = "cache off: every lookup is a bypass"
NO_REPLAY = "no replay for early recompute, stale-while-revalidate or a jittered TTL"
SEVERAL_FILL = "no formula for loads without protection that take longer than the TTL"
NO_FILL = "no probe could measure the fill time"

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

    A jittered TTL counts by its mean (F5): after a cold start that is right to 0.2 points.

    Args:
        reads: How often each id is asked for; None where that changes with time.
        knobs: Of the service, all that are in force.
        fill_seconds: D from the probe; None where it is not known, and nothing is predicted.
        span: The very window that will be measured.
    """
    if float(knobs["ttl_seconds"]) == 0:
        return _unknown(fill_seconds, CACHE_OFF)
    if reads is None:
        return _unknown(fill_seconds, "no formula for a popularity that moves")
    if knobs.get("protection") == "early":
        return _unknown(fill_seconds, "no formula for early recompute over many keys")
    if fill_seconds is None:
        return _unknown(None, NO_FILL)
    if knobs.get("protection") == "none" and _several_fill(reads, knobs, fill_seconds):
        return _unknown(fill_seconds, SEVERAL_FILL)
    expected, loaded = _expect(reads, knobs, fill_seconds, span)
    share = reads.repeated_share
    loads = float(np.sum(reads.rates)) * (1.0 - loaded.offload_ratio) + reads.unrepeated_rate
    return Prediction(
        expected.hit_ratio * share,
        expected.offload_ratio * share,
        loads,
        fill_seconds,
        STALE if knobs.get("protection") == "stale" else WINDOW,
    )


def _several_fill(reads: Reads, knobs: Knobs, fill_seconds: float) -> bool:
    """Tell whether unprotected loads at once may be stored one after the other."""
    ttls = [float(knobs["ttl_seconds"])]
    if reads.missing:
        ttls.append(float(knobs.get("negative_ttl_seconds", 0.0)))
    return not all(fill.first_alone_fills(seconds, fill_seconds) for seconds in ttls)


def _expect(
    reads: Reads, knobs: Knobs, fill_seconds: float, span: Window
) -> tuple[WindowExpectation, WindowExpectation]:
    """Expect what is answered, and what the store is asked for it."""
    filling = reads.noticed(fill_seconds)

    def life(seconds: float) -> float:
        return reads.noticed(fill_seconds + seconds) - filling

    ttl_seconds, edges = float(knobs["ttl_seconds"]), (span.opens, span.closes)
    lives = reads.each(life(ttl_seconds), life(float(knobs.get("negative_ttl_seconds", 0.0))))
    if knobs.get("protection") == "none":
        alone = window.uncoalesced(reads.rates, lives, filling, *edges)
        return alone, alone
    shared = window.coalesced(reads.rates, lives, filling, *edges)
    if knobs.get("protection") != "stale":
        return shared, shared
    # A cached absence is never served stale.
    graces = reads.each(life(ttl_seconds + float(knobs["stale_seconds"])) - life(ttl_seconds), 0.0)
    # Each soft expiry that somebody notices is one load, as each expiry is elsewhere.
    return window.stale_served(reads.rates, lives, graces, filling, edges), shared


def predict_trace(
    sequence: list[tuple[float, int]], knobs: Knobs, fill_seconds: float | None
) -> Prediction:
    """Predict a trace from its first request on, by exact replay.

    Args:
        sequence: Time in seconds and id of every request, in order.
        knobs: Of the service, all that are in force.
        fill_seconds: D from the probe; None where it is not known, and nothing is predicted.
    """
    if float(knobs["ttl_seconds"]) == 0:
        return _unknown(fill_seconds, CACHE_OFF)
    if fill_seconds is None:
        return _unknown(None, NO_FILL)
    counts = replay.replayed(sequence, knobs, fill_seconds)
    if counts is None:
        return _unknown(fill_seconds, NO_REPLAY)
    return Prediction(
        counts.hit_ratio,
        counts.offload_ratio,
        counts.miss / sequence[-1][0] if counts.miss and sequence[-1][0] else None,
        fill_seconds,
        "exact replay of the trace from an empty cache, fill time included",
    )


def _unknown(fill_seconds: float | None, reason: str) -> Prediction:
    return Prediction(None, None, None, fill_seconds, reason)
