"""The figures of a whole run: for the table, the report, and as JSON."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests.experiments.records.records import (
    RunRecord,
    TrialRecord,
    load_run,
    load_samples,
    load_trials,
)
from loadtests.experiments.report.figures import TIMED_RESULTS, TrialFigures, figures_of

_PREFIXES = {"response": "", "service": "service_"}


@dataclass(frozen=True, slots=True)
class RunResults:
    """A run and its trials' figures, by TTL and then repetition."""

    run: RunRecord
    trials: list[TrialFigures]
    records: dict[int, TrialRecord]  # by the trial's number


def load_results(folder: Path) -> RunResults:
    """Work the figures of a run out from its records on disk.

    Raises:
        RecordError: The folder holds no run.
    """
    records = load_trials(folder)
    figures = [figures_of(record, load_samples(folder, record)) for record in records]
    figures.sort(key=lambda trial: (trial.ttl_seconds, trial.repetition))
    return RunResults(load_run(folder), figures, {r.trial.number: r for r in records})


def as_json(results: RunResults, report: Path | None) -> dict[str, Any]:
    """Return what `sweep --json` prints; unknown is None."""
    return {
        "trials": [_trial(trial) for trial in results.trials],
        "report": str(report) if report else None,
    }


def _trial(trial: TrialFigures) -> dict[str, Any]:
    return {
        "ttl_seconds": trial.ttl_seconds,
        "hit_ratio": trial.hit_ratio,
        "hit_ratio_low": trial.hit_ratio_low,
        "hit_ratio_high": trial.hit_ratio_high,
        "predicted_hit_ratio": trial.predicted_hit_ratio,
        "offload_ratio": trial.offload_ratio,
        "predicted_offload_ratio": trial.predicted_offload_ratio,
        "lookups": trial.lookups,
        "results": None if trial.results is None else dict(trial.results),
        **_milliseconds(trial),
        "store_queries_per_second": trial.store_queries_per_second,
        "target_rate": trial.target_rate,
        "achieved_rate": trial.achieved_rate,
        "doubts": [
            {"kind": doubt.kind, "text": doubt.text, "advice": doubt.advice}
            for doubt in trial.doubts
        ],
    }


def _milliseconds(trial: TrialFigures) -> dict[str, float | None]:
    """Name each percentile as users do, such as hit_p50_ms and service_miss_p99_ms."""
    found: dict[str, float | None] = {}
    for clock, prefix in _PREFIXES.items():
        for word in TIMED_RESULTS:
            of_result = trial.percentiles[f"{word} {clock}"]
            for quantile in ("p50", "p95", "p99"):
                seconds = getattr(of_result, quantile)
                name = f"{prefix}{word}_{quantile}_ms"
                found[name] = None if seconds is None else round(seconds * 1000, 3)
    return found
