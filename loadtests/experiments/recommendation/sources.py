"""Finds the TTLs to choose from in a profile, a sweep's records, or a described workload."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loadtests.experiments.figures.pooled import Pooled, doubted_ttls, pool
from loadtests.experiments.figures.results import RunResults
from loadtests.experiments.figures.trial_figures import TrialFigures
from loadtests.experiments.plan.plan import Plan
from loadtests.experiments.recommendation.candidate import Candidate, Candidates
from loadtests.prediction.steady_state import Traffic, predicted_hit_ratio
from loadtests.profile.curve import STUDENT_T_OF_SAMPLE
from loadtests.workload.scenario import Scenario

TTL_GRID = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of entries besides the TTL.

    Attributes:
        size_bytes: Of an entry in memory; None takes the sizes of the log, if it has any.
        jitter_ratio: By which a TTL may be longer.
        stale_seconds: For which a stale entry may still be served.
    """

    size_bytes: float | None = None
    jitter_ratio: float = 0.0
    stale_seconds: float = 0.0

    def worst_stale(self, ttl_seconds: float) -> float:
        """Return how old an answer may be in the worst case."""
        return ttl_seconds * (1.0 + self.jitter_ratio) + self.stale_seconds

    def memory(self, entries: float | None, logged_bytes: float | None = None) -> float | None:
        """Return the bytes that a number of entries takes; None if unknown."""
        if self.size_bytes is None or entries is None:
            return logged_bytes
        return entries * self.size_bytes


def from_profile(profile: Mapping[str, Any], entry: Entry) -> Candidates:
    """Return the TTLs of a profile: exact for that log."""
    ttls = [
        Candidate(
            ttl_seconds=point["ttl_seconds"],
            hit_ratio=point["hit_ratio"],
            hit_ratio_low=point["hit_ratio"]
            - STUDENT_T_OF_SAMPLE * (point.get("hit_ratio_error") or 0.0),
            store_reads_per_second=point["store_reads_per_second"],
            store_reads_high=point["store_reads_per_second"],
            p99_seconds=None,
            worst_stale_seconds=entry.worst_stale(point["ttl_seconds"]),
            entries=point["live_entries_peak"],
            memory_bytes=entry.memory(point["live_entries_peak"], point["live_bytes_peak"]),
        )
        for point in profile["curve"]
    ]
    source = f"The exact replay of a log of {profile['requests']:,} requests, from an empty cache."
    return Candidates(ttls, source, [])


def from_sweep(results: RunResults, entry: Entry) -> Candidates:
    """Return the TTLs that a sweep measured: trusted trials, repetitions pooled."""
    trials = results.trials
    ttls = [_measured(each, trials, entry) for each in pool(trials) if each.ttl_seconds > 0]
    left_out = [f"TTL {ttl:g} s is doubted" for ttl in doubted_ttls(trials)]
    count = sum(trial.trusted for trial in trials)
    source = f"{count} trusted trials of {results.run.title!r}; bounds are judged on the bad end."
    return Candidates(ttls, source, left_out)


def _measured(pooled: Pooled, trials: Sequence[TrialFigures], entry: Entry) -> Candidate:
    same = [t for t in trials if t.ttl_seconds == pooled.ttl_seconds and t.trusted]
    p99s = [t.percentiles["all response"].p99 if t.times_trusted else None for t in same]
    known = [p99 for p99 in p99s if p99 is not None]
    queries = [t.store_queries_per_second for t in same if t.store_queries_per_second is not None]
    return Candidate(
        ttl_seconds=pooled.ttl_seconds,
        hit_ratio=pooled.hit_ratio,
        hit_ratio_low=pooled.low,
        store_reads_per_second=pooled.store_queries_per_second,
        store_reads_high=max(queries, default=None),
        p99_seconds=max(known, default=None) if len(known) == len(p99s) else None,
        worst_stale_seconds=entry.worst_stale(pooled.ttl_seconds),
        entries=None,
        memory_bytes=None,
    )


def from_workload(
    plan: Plan, ttls: Sequence[float], fill_seconds: float, entry: Entry
) -> Candidates:
    """Return what theory says of a described workload in the long run."""
    settings = plan.load.settings(plan.seed)
    popularity = Scenario().popularity(settings, None)
    step = 1.0 / plan.load.rate if plan.load.arrivals == "paced" else 0.0
    traffic = Traffic(popularity, plan.load.rate, step_seconds=step)
    found, left_out = [], []
    for ttl in ttls:
        knobs = {**plan.knobs, "ttl_seconds": ttl, "store_delay_seconds": fill_seconds}
        ratio = predicted_hit_ratio(traffic, knobs)
        if ratio is None:
            left_out.append(f"TTL {ttl:g} s has no formula")
            continue
        reads = _most_reads(traffic, knobs, ratio)
        found.append(
            Candidate(*(ttl, ratio, ratio, reads, reads, None, entry.worst_stale(ttl), None, None))
        )
    source = "Theory for this workload in the long run (docs/theory.md); nothing was measured."
    return Candidates(found, source, left_out)


def _most_reads(traffic: Traffic, knobs: Mapping[str, Any], ratio: float) -> float:
    """Return the reads of the store per second, with lookups that wait for another's load.

    A stale entry is read from the store when it is first asked for, as a missing one is without
    protection: what its hits spare is the wait.
    """
    if knobs.get("protection") == "stale":
        ratio = predicted_hit_ratio(traffic, {**knobs, "protection": "single-flight"}) or 0.0
    return traffic.reads_per_second * (1.0 - ratio)
