"""Finds the TTLs to choose from in the records of a sweep, and between those that it measured."""

from bisect import bisect
from collections.abc import Mapping

from loadtests.experiments.figures.pooled import Pooled, doubted_ttls, pool
from loadtests.experiments.figures.results import RunResults
from loadtests.experiments.figures.theory_curve import CurvePoint
from loadtests.experiments.plan.load import recorded_traffic
from loadtests.experiments.recommendation.between_ttls import (
    Residuals,
    largest_residuals,
    points_between,
)
from loadtests.experiments.recommendation.candidate import (
    BY_THEORY,
    MEASURED,
    REPLAYED,
    Candidate,
    Candidates,
    most_reads,
)
from loadtests.experiments.recommendation.entry import Entry, LiveEntries, knobs_in_force
from loadtests.experiments.recommendation.measured_times import MeasuredTimes


class MeasuredSweep:
    """Makes candidates of a sweep's trusted trials, and of what is expected between them.

    Args:
        results: The sweep.
        times: Its response times by TTL.
        entry: What is known of entries.
    """

    def __init__(
        self, results: RunResults, times: Mapping[float, MeasuredTimes], entry: Entry
    ) -> None:
        self._results, self._times, self._entry = results, times, entry
        self._trials = [trial for trial in results.trials if trial.trusted]
        self._pooled = [each for each in pool(self._trials) if each.ttl_seconds > 0]
        self._ttls = [each.ttl_seconds for each in self._pooled]
        traffic = recorded_traffic(results.run.plan)
        self._live = LiveEntries(*traffic) if traffic and not results.run.target else None

    def candidates(self) -> Candidates:
        """Return the TTLs that were measured, and those that are predicted between them.

        Repetitions are pooled. A prediction stands as it is, never fitted, less the largest
        residual of any trusted trial.
        """
        results = self._results
        ttls = [self._measured(each) for each in self._pooled]
        source = (
            f"{len(self._trials)} trusted trials of {results.run.title!r}; bounds are judged on the"
            " bad end."
        )
        between = self._between()
        if between is not None:
            residuals, found = between
            source += (
                f" Between them stands {found[0].known_by}, not fitted; its band is the largest"
                f" residual of these trials, {residuals.hit_ratio * 100:.1f} points."
            )
            ttls = sorted([*ttls, *found], key=lambda each: each.ttl_seconds)
        left_out = [f"TTL {ttl:g} s is doubted" for ttl in doubted_ttls(results.trials)]
        return Candidates(ttls, source, left_out, self._entry.size_bytes)

    def _measured(self, pooled: Pooled) -> Candidate:
        ttl = pooled.ttl_seconds
        same = [trial for trial in self._trials if trial.ttl_seconds == ttl]
        p99s = [t.percentiles["all response"].p99 if t.times_trusted else None for t in same]
        mixture = self._times[ttl].p99(pooled.low) if ttl in self._times else None
        known = [p99 for p99 in (*p99s, mixture) if p99 is not None]
        queries = [
            t.store_queries_per_second for t in same if t.store_queries_per_second is not None
        ]
        most = most_reads(pooled.store_queries_per_second, pooled.hit_ratio, pooled.low)
        entries = self._entries(ttl)
        return Candidate(
            ttl_seconds=ttl,
            hit_ratio=pooled.hit_ratio,
            hit_ratio_low=pooled.low,
            store_reads_per_second=pooled.store_queries_per_second,
            store_reads_high=None if most is None else max(most, *queries),
            p99_seconds=None if None in p99s else max(known, default=None),
            worst_stale_seconds=self._entry.worst_stale(ttl),
            entries=entries,
            memory_bytes=self._entry.memory(entries),
            known_by=MEASURED,
        )

    def _between(self) -> tuple[Residuals, list[Candidate]] | None:
        residuals = largest_residuals(self._trials)
        if residuals is None or len(self._ttls) < 2:
            return None
        points = points_between(self._results, self._ttls)
        found = [self._predicted(point, residuals) for point in points]
        return (residuals, found) if found else None

    def _predicted(self, point: CurvePoint, residuals: Residuals) -> Candidate:
        ttl, reads = point.ttl_seconds, point.predicted_store_queries_per_second
        ratio = point.predicted_hit_ratio or 0.0
        low = max(0.0, ratio - residuals.hit_ratio)
        # The store is busier at the shorter TTL; which of both is slower is not known beforehand.
        place = bisect(self._ttls, ttl)
        around = [self._times.get(each) for each in self._ttls[place - 1 : place + 1]]
        p99s = [times.p99(low) if times else None for times in around]
        known = [p99 for p99 in p99s if p99 is not None]
        unsure = reads is None or residuals.store_reads is None
        entries = self._entries(ttl)
        return Candidate(
            ttl_seconds=ttl,
            hit_ratio=ratio,
            hit_ratio_low=low,
            store_reads_per_second=reads,
            store_reads_high=None if unsure else (reads or 0.0) + (residuals.store_reads or 0.0),
            p99_seconds=max(known) if len(known) == len(p99s) else None,
            worst_stale_seconds=self._entry.worst_stale(ttl),
            entries=entries,
            memory_bytes=self._entry.memory(entries),
            known_by=REPLAYED if any(trial.of_trace for trial in self._trials) else BY_THEORY,
        )

    def _entries(self, ttl: float) -> float | None:
        knobs = {**knobs_in_force(self._results), "ttl_seconds": ttl}
        return self._live.at(knobs) if self._live else None
