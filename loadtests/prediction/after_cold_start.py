"""What a trial should show: predicted before its window opens, and never fitted to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from loadtests.prediction.key_rates import Reads
from loadtests.prediction.limited_memory import (
    LRU_POLICIES,
    Crowding,
    crowded_hit_ratio,
)
from loadtests.prediction.measuring_window import Window
from loadtests.prediction.near_answers import near_answers_to, predicted_near_ratio
from loadtests.prediction.stale_reads import Staleness
from loadtests.prediction.steady_state import Traffic, predicted_hit_ratio, slow_fills
from loadtests.replay.arrival_sequence import Requests
from loadtests.replay.run_replay import InForce, replay_requests
from loadtests.service_under_test.contract import Knob, hit_ratio, offload_ratio
from loadtests.theory import fill, window
from loadtests.theory.window import WindowExpectation

WINDOW = "expectation over this window after a cold start, fill time included (F3, F15)"
STALE = "expectation over this window under stale-while-revalidate (F3, F14)"
CROWDED = "Che's approximation for LRU with a TTL, because entries must be evicted (F7)"
WRITES = "steady state in which writes delete entries, fill time included (F4)"
CACHE_OFF = "cache off: every lookup is a bypass"
NO_FILL = "the probe could not measure the fill time"


@dataclass(frozen=True, slots=True)
class Prediction:
    """Expected ratios of a trial, and how they were computed.

    Attributes:
        hit_ratio: None without a formula, and with the cache off.
        offload_ratio: None in the same cases.
        loads_per_second: Reads of the store, background refreshes included; None in the same cases.
        fill_seconds: D, measured by a probe before the trial; None if unknown.
        method: In words, for the report.
        crowding: How far Redis will be overfull; None if its memory holds all live entries.
        near_ratio: Share of lookups that the near tiers answer; None without a formula.
        cache_reads_per_second: Lookups that ask Redis; None without a formula.
        staleness: How stale reads should be; None without writes, and without a formula.
    """

    hit_ratio: float | None
    offload_ratio: float | None
    loads_per_second: float | None
    fill_seconds: float | None
    method: str
    crowding: Crowding | None = None
    near_ratio: float | None = None
    cache_reads_per_second: float | None = None
    staleness: Staleness | None = None

    @classmethod
    def from_json(cls, **values: Any) -> Self:  # noqa: ANN401 - each field has its own type
        """Return what `dataclasses.asdict` was made of."""
        crowding, staleness = values.pop("crowding", None), values.pop("staleness", None)
        return cls(
            **values,
            crowding=Crowding(**crowding) if crowding else None,
            staleness=Staleness(**staleness) if staleness else None,
        )


def predict_window(
    reads: Reads | None,
    knobs: Mapping[str, Knob],
    fill_seconds: float | None,
    span: Window,
    processes: int = 1,
) -> Prediction:
    """Predict a window after a cold start under Poisson or paced arrivals.

    A jittered TTL counts with its mean (F5), which errs by 0.2 percentage points at most.

    Args:
        reads: How often each id is asked for; None if that changes with time.
        knobs: All knobs in force on the service.
        fill_seconds: D from the probe; None if unknown, which leaves the ratios unknown.
        span: The window that will be measured.
        processes: Service processes; under single-flight each coalesces only its own loads.
    """
    if float(knobs["ttl_seconds"]) == 0:
        return _unknown(fill_seconds, CACHE_OFF)
    if reads is None:
        return _unknown(fill_seconds, "no formula for a popularity that moves")
    if knobs.get("protection") == "early":
        return _unknown(fill_seconds, "no formula for early recompute over many keys")
    if fill_seconds is None:
        return _unknown(None, NO_FILL)
    reason = slow_fills(knobs, fill_seconds, missing=bool(reads.missing))
    if reason is not None:
        return _unknown(fill_seconds, reason)
    expected, loaded = _expect(reads, knobs, fill_seconds, span, processes)
    share = reads.repeated_share
    repeated = float(np.sum(reads.rates))
    near = near_answers_to(reads, knobs, fill_seconds, processes)
    kept = near.kept * expected.hit_ratio if near else None
    return Prediction(
        expected.hit_ratio * share,
        expected.offload_ratio * share,
        repeated * (1.0 - loaded.offload_ratio) + reads.unrepeated_rate,
        fill_seconds,
        STALE if knobs.get("protection") == "stale" else WINDOW,
        near_ratio=near.near * expected.hit_ratio * share if near else None,
        cache_reads_per_second=repeated * (1.0 - kept) + reads.unrepeated_rate
        if kept is not None
        else None,
    )


def predict_crowded(
    reads: Reads,
    knobs: Mapping[str, Knob],
    fill_seconds: float | None,
    policy: str,
    crowding: Crowding,
) -> Prediction:
    """Predict the steady state of a cache that must evict, for instant fills.

    Args:
        reads: How often each id is asked for.
        knobs: All knobs in force on the service.
        fill_seconds: D from the probe; None if unknown.
        policy: Redis' maxmemory-policy.
        crowding: How far it will be overfull.
    """
    if policy not in LRU_POLICIES:
        reason = f"no formula for evictions under Redis' maxmemory-policy {policy}"
    elif knobs.get("protection") in {"early", "stale"} or knobs.get("ttl_jitter_ratio"):
        reason = "no formula for evictions under early recompute, stale serving or jittered TTLs"
    elif knobs.get("near_seconds"):
        reason = "no formula for evictions behind a near tier, which hides reads from Redis"
    else:
        hit = crowded_hit_ratio(reads, knobs, crowding.room_entries) * reads.repeated_share
        loads = (float(np.sum(reads.rates)) + reads.unrepeated_rate) * (1.0 - hit)
        return Prediction(hit, hit, loads, fill_seconds, CROWDED, crowding)
    return Prediction(None, None, None, fill_seconds, reason, crowding)


def predict_writes(
    traffic: Traffic | None, knobs: Mapping[str, Knob], fill_seconds: float | None
) -> Prediction:
    """Predict the steady state of traffic whose writes delete entries.

    Args:
        traffic: Reads and writes; None where they have no formula.
        knobs: All knobs in force on the service.
        fill_seconds: D from the probe; None if unknown.
    """
    if float(knobs["ttl_seconds"]) == 0:
        return _unknown(fill_seconds, CACHE_OFF)
    if fill_seconds is None:
        return _unknown(None, NO_FILL)
    filling = {**knobs, "store_delay_seconds": fill_seconds}
    hit = None if traffic is None else predicted_hit_ratio(traffic, filling)
    if traffic is None or hit is None:
        return _unknown(fill_seconds, "no formula for these knobs and writes")
    near = predicted_near_ratio(traffic, filling)
    return Prediction(
        hit,
        None,
        None,
        fill_seconds,
        WRITES,
        near_ratio=near,
        cache_reads_per_second=None if near is None else traffic.reads_per_second * (1.0 - near),
    )


def _expect(
    reads: Reads, knobs: Mapping[str, Knob], fill_seconds: float, span: Window, processes: int
) -> tuple[WindowExpectation, WindowExpectation]:
    """Return what lookups should find, and what should reach the store."""
    filling = reads.whole_steps(fill_seconds)

    def covered(seconds: float) -> float:
        return reads.whole_steps(fill_seconds + seconds) - filling

    ttl_seconds, edges = float(knobs["ttl_seconds"]), (span.opens, span.closes)
    negative_ttl_seconds = float(knobs.get("negative_ttl_seconds", 0.0))
    ttls = reads.per_id(covered(ttl_seconds), covered(negative_ttl_seconds))
    if knobs.get("protection") == "none":
        alone = window.uncoalesced(reads.rates, ttls, filling, *edges)
        return alone, alone
    loads_per_cycle = np.ones_like(reads.rates)
    if knobs.get("protection") == "single-flight":
        loads_per_cycle = fill.loads_of_processes(reads.rates, filling, processes)
    shared = window.coalesced(reads.rates, ttls, filling, edges, loads_per_cycle)
    if knobs.get("protection") != "stale":
        return shared, shared
    # A cached absence is never served stale.
    grace = covered(ttl_seconds + float(knobs["stale_seconds"])) - covered(ttl_seconds)
    graces = reads.per_id(grace, 0.0)
    # One load follows each soft expiry that a lookup finds, as it does each expiry elsewhere.
    return window.stale_served(reads.rates, ttls, graces, filling, edges), shared


def predict_trace(
    requests: Requests, knobs: Mapping[str, Knob], fill_seconds: float | None
) -> Prediction:
    """Predict a trace from its first request on by exact replay.

    Args:
        requests: All of it.
        knobs: All knobs in force on the service.
        fill_seconds: D from the probe; None if unknown, which leaves the ratios unknown.
    """
    if float(knobs["ttl_seconds"]) == 0:
        return _unknown(fill_seconds, CACHE_OFF)
    if fill_seconds is None:
        return _unknown(None, NO_FILL)
    run = replay_requests(requests, InForce(knobs, fill_seconds))
    loads = run.loads.size
    return Prediction(
        hit_ratio(run.total),
        offload_ratio(run.total),
        loads / run.seconds if loads and run.seconds else None,
        fill_seconds,
        "exact replay of the trace from an empty cache, fill time included",
        near_ratio=run.near_ratio,
    )


def _unknown(fill_seconds: float | None, reason: str) -> Prediction:
    return Prediction(None, None, None, fill_seconds, reason)
