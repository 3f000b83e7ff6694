"""What theory, or the replay of a trace, says between the TTLs that a sweep measured."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from loadtests.experiments.figures.results import RunResults
from loadtests.experiments.figures.theory_curve import CurvePoint, round_ttls_between
from loadtests.experiments.figures.trial_figures import TrialFigures
from loadtests.experiments.plan.load import recorded_traffic
from loadtests.experiments.recommendation.entry import knobs_in_force
from loadtests.experiments.report.sweep_content import curve_of
from loadtests.prediction.after_cold_start import predict_trace
from loadtests.replay.trial_replay import arrivals_of_trial
from loadtests.traffic.trace import TraceError, load_trace
from loadtests.workload.scenario import Workload


class Residuals(NamedTuple):
    """How far the predictions were off at most, over some trials.

    Attributes:
        hit_ratio: By hit ratio.
        store_reads: By reads of the store per second; None if unknown.
    """

    hit_ratio: float
    store_reads: float | None


def largest_residuals(trials: Sequence[TrialFigures]) -> Residuals | None:
    """Return how far the predictions of some trials were off; None if there are none."""
    ratios = [
        abs(trial.hit_ratio - trial.predicted_hit_ratio)
        for trial in trials
        if trial.hit_ratio is not None and trial.predicted_hit_ratio is not None
    ]
    reads = [
        abs(trial.store_queries_per_second - trial.predicted_store_queries_per_second)
        for trial in trials
        if trial.store_queries_per_second is not None
        and trial.predicted_store_queries_per_second is not None
    ]
    return Residuals(max(ratios), max(reads, default=None)) if ratios else None


def points_between(results: RunResults, measured: Sequence[float]) -> list[CurvePoint]:
    """Return the predictions between TTLs that were measured, for TTLs that were not.

    Return none where there is no formula, and for a trace whose file is gone.
    """
    is_trace = any(trial.of_trace for trial in results.trials)
    points = _replayed(results, measured) if is_trace else curve_of(results)
    return [
        point
        for point in points
        if measured[0] < point.ttl_seconds < measured[-1]
        and point.ttl_seconds not in measured
        and point.predicted_hit_ratio is not None
    ]


def _replayed(results: RunResults, measured: Sequence[float]) -> list[CurvePoint]:
    traffic = recorded_traffic(results.run.plan)
    fills = [trial.fill_seconds for trial in results.trials if trial.fill_seconds is not None]
    if traffic is None or not fills:
        return []
    load, settings = traffic
    try:
        trace = load_trace(settings.trace)
    except TraceError:
        return []
    requests = arrivals_of_trial(Workload(settings, trace), math.inf, 1, load.behaviour)
    knobs, fill_seconds = knobs_in_force(results), sum(fills) / len(fills)
    found = []
    for ttl in round_ttls_between(measured[0], measured[-1]):
        expected = predict_trace(requests, {**knobs, "ttl_seconds": ttl}, fill_seconds)
        found.append(
            CurvePoint(ttl, expected.hit_ratio, expected.offload_ratio, expected.loads_per_second)
        )
    return found
