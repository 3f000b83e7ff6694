"""The figures of a whole sweep, for the table, the report and JSON."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from loadtests.experiments.figures.axes.combinations import places_of
from loadtests.experiments.figures.percentiles import QUANTILES, TIMED
from loadtests.experiments.figures.pooled import pool
from loadtests.experiments.figures.staleness_figures import staleness_numbers
from loadtests.experiments.figures.trial_figures import TrialFigures, figures_of
from loadtests.experiments.plan.plan import Plan
from loadtests.experiments.records.kinds import require_allowed, require_hinted
from loadtests.experiments.records.record_file import RecordError, refuse_damage
from loadtests.experiments.records.records import (
    RUN_FILE,
    SWEEP,
    RunRecord,
    TrialRecord,
    load_run,
    load_samples,
)
from loadtests.experiments.records.trials import load_trials

_RATIOS = (
    *("ttl_seconds", "number", "repetition", "hit_ratio", "hit_ratio_low", "hit_ratio_high"),
    *("predicted_hit_ratio", "replayed_hit_ratio", "residual"),
    *("offload_ratio", "predicted_offload_ratio", "lookups", "results"),
    *("near_ratio", "predicted_near_ratio", "replayed_near_ratio"),
)
_RATES = (
    *("store_queries_per_second", "predicted_store_queries_per_second", "target_rate"),
    *("achieved_rate", "window_seconds", "fill_seconds"),
    *("cache_reads_per_second", "predicted_cache_reads_per_second"),
)
_PREFIXES = {"response": "", "service": "service_"}


@dataclass(frozen=True, slots=True)
class RunResults:
    """A sweep and its figures.

    Attributes:
        run: What all trials have in common.
        trials: Figures of each trial, by combination, then TTL, then repetition.
        records: The trials' records by their numbers.
        damaged: A line for each file that cannot be read; its trial is left out.
    """

    run: RunRecord
    trials: list[TrialFigures]
    records: dict[int, TrialRecord]
    damaged: list[str] = field(default_factory=list)


def load_results(folder: Path) -> RunResults:
    """Work out the figures of a sweep from its records on disk.

    Raises:
        RecordError: The folder holds no sweep.
    """
    run = load_run(folder)
    if run.kind != SWEEP:
        raise RecordError(f"{folder} holds a run of {run.kind}; name the folder of a sweep")
    with refuse_damage(folder / RUN_FILE):
        require_hinted(run.plan, Plan, "plan.")
        require_allowed(run.plan)
    trials = load_trials(folder)
    figures, damaged = trials.figures(
        folder, lambda record: figures_of(record, load_samples(folder, record))
    )
    figures.sort(key=lambda trial: (*places_of(run, trial), trial.ttl_seconds, trial.repetition))
    return RunResults(run, figures, {r.trial.number: r for r in trials.records}, damaged)


def as_json(results: RunResults, report: Path | None) -> dict[str, Any]:
    """Return what `sweep --json` prints; unknown is None."""
    return {
        "trials": [
            {
                "knobs": results.records[trial.number].knobs,
                **_trial(trial),
                "values": trial.values,
                **staleness_numbers(trial.stale_reads),
            }
            for trial in results.trials
        ],
        "pooled": [asdict(each) for each in pool(results.trials)],
        "damaged": results.damaged,
        "report": str(report) if report else None,
    }


def _trial(trial: TrialFigures) -> dict[str, Any]:
    return {
        **{name: getattr(trial, name) for name in _RATIOS},
        **_milliseconds(trial),
        **{name: getattr(trial, name) for name in _RATES},
        "load_ms": rounded_milliseconds(trial.window_loads.mean_seconds),
        "counted_by": trial.counted_by,
        "trusted": trial.trusted,
        "doubts": [asdict(doubt) for doubt in trial.doubts],
    }


def _milliseconds(trial: TrialFigures) -> dict[str, float | None]:
    """Return the percentiles by names such as all_p50_ms and service_miss_p99_ms."""
    return {
        f"{prefix}{word}_{quantile}_ms": rounded_milliseconds(
            getattr(trial.percentiles[f"{word} {clock}"], quantile)
        )
        for clock, prefix in _PREFIXES.items()
        for word in TIMED
        for quantile in QUANTILES
    }


def rounded_milliseconds(seconds: float | None) -> float | None:
    """Return seconds as milliseconds with three decimals, for JSON."""
    return None if seconds is None else round(seconds * 1000, 3)
