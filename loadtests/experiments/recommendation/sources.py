"""Finds the TTLs to choose from in the profile of a log, or for a workload that flags describe."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from loadtests.experiments.plan.plan import Plan
from loadtests.experiments.recommendation.candidate import (
    BY_THEORY,
    REPLAYED,
    Candidate,
    Candidates,
    most_reads,
)
from loadtests.experiments.recommendation.entry import Entry, LiveEntries
from loadtests.experiments.recommendation.measured_times import MeasuredTimes
from loadtests.prediction.after_cold_start import predict_trace
from loadtests.prediction.run_traffic import traffic_of
from loadtests.prediction.steady_state import Traffic, predicted_hit_ratio
from loadtests.profile.curve import QUANTILE_OF_SAMPLE
from loadtests.replay.trial_replay import arrivals_of_trial
from loadtests.service_under_test.contract import Knob
from loadtests.traffic.trace import Trace
from loadtests.workload.scenario import Workload

TTL_GRID = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0)

NO_FORMULA = (
    "theory has no formula for this workload (a popularity or a rate that moves, early recompute,"
    " loads that take longer than the TTL, writes beside missing ids or stale serving)"
)


def from_profile(profile: Mapping[str, Any], entry: Entry) -> Candidates:
    """Return the TTLs of a profile: exact for that log."""
    ttls = [_profiled(point, entry) for point in profile["curve"]]
    last = ttls[-1]
    size = last.memory_bytes / last.entries if last.memory_bytes and last.entries else None
    source = f"The exact replay of a log of {profile['requests']:,} requests, from an empty cache."
    return Candidates(ttls, source, [], entry.size_bytes or size)


def _profiled(point: Mapping[str, Any], entry: Entry) -> Candidate:
    ttl, ratio, entries = point["ttl_seconds"], point["hit_ratio"], point["live_entries_peak"]
    low = ratio - QUANTILE_OF_SAMPLE * (point.get("hit_ratio_error") or 0.0)
    reads = point["store_reads_per_second"]
    return Candidate(
        *(ttl, ratio, low, reads, most_reads(reads, ratio, low), None, entry.worst_stale(ttl)),
        *(entries, entry.memory(entries, point["live_bytes_peak"]), REPLAYED),
    )


def from_workload(
    plan: Plan, ttls: Sequence[float], fill_seconds: float, entry: Entry
) -> Candidates:
    """Return what theory says of a described workload in the long run."""
    settings, knobs = plan.load.settings(plan.seed), plan.at({}).knobs
    traffic = traffic_of(Workload(settings, None), {plan.load.scenario: plan.load.behaviour})
    live, found, left_out = LiveEntries(plan.load, settings), [], []
    for ttl in ttls:
        at_ttl = {**knobs, "ttl_seconds": ttl, "store_delay_seconds": fill_seconds}
        ratio = None if traffic is None else predicted_hit_ratio(traffic, at_ttl)
        if traffic is None or ratio is None:
            left_out.append(f"TTL {ttl:g} s has no formula")
            continue
        reads, entries = _most_reads(traffic, at_ttl, ratio), live.at(at_ttl)
        found.append(
            Candidate(
                *(ttl, ratio, ratio, reads, reads, None, entry.worst_stale(ttl), entries),
                *(entry.memory(entries), BY_THEORY),
            )
        )
    source = (
        "Theory for this workload in the long run (docs/theory.md), with fills of"
        f" {fill_seconds * 1000:g} ms; nothing was measured."
    )
    return Candidates(found, source, left_out, entry.size_bytes)


def from_trace(
    plan: Plan, trace: Trace, ttls: Sequence[float], fill_seconds: float, entry: Entry
) -> Candidates:
    """Return what the replay of a trace says, from an empty cache."""
    workload, knobs = Workload(plan.load.settings(plan.seed), trace), plan.at({}).knobs
    requests = arrivals_of_trial(workload, math.inf, 1, plan.load.behaviour)
    found = []
    for ttl in ttls:
        expected = predict_trace(requests, {**knobs, "ttl_seconds": ttl}, fill_seconds)
        ratio, reads = expected.hit_ratio, expected.loads_per_second
        found.append(
            Candidate(
                *(ttl, ratio, ratio, reads, reads, None, entry.worst_stale(ttl), None),
                *(None, REPLAYED),
            )
        )
    source = (
        f"The exact replay of a trace of {requests.times.size:,} requests, from an empty cache,"
        f" with fills of {fill_seconds * 1000:g} ms."
    )
    return Candidates(found, source, [], entry.size_bytes)


def with_times(candidates: Candidates, times: MeasuredTimes, title: str) -> Candidates:
    """Return the candidates with the p99 that the times of a sweep's hits and misses give."""
    source = f"{candidates.source} The p99 mixes the hits and misses that {title!r} measured."
    ttls = [
        dataclasses.replace(each, p99_seconds=times.p99(each.hit_ratio_low))
        for each in candidates.ttls
    ]
    return dataclasses.replace(candidates, ttls=ttls, source=source)


def _most_reads(traffic: Traffic, knobs: Mapping[str, Knob], ratio: float) -> float:
    """Return the reads of the store per second, with lookups that wait for another's load.

    A stale entry is read from the store when it is first asked for, as a missing one is without
    protection: what its hits spare is the wait.
    """
    if knobs.get("protection") == "stale":
        ratio = predicted_hit_ratio(traffic, {**knobs, "protection": "single-flight"}) or 0.0
    return traffic.reads_per_second * (1.0 - ratio)
