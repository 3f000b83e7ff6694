"""Runs one protection of the stampede bench and saves what it saw."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from loadtests.experiments.plan.fields import Given
from loadtests.experiments.plan.plan import KnobValue, Load, make_plan
from loadtests.experiments.plan.trial_order import Trial
from loadtests.experiments.records.records import TrialRecord
from loadtests.experiments.report.doubts import Doubt, doubts_of
from loadtests.experiments.report.figures import counted_in_window
from loadtests.experiments.report.refreshes import Poll, find_refreshes
from loadtests.experiments.report.stampede import (
    QUIET_SHARE,
    ModeFigures,
    ModeRun,
    StampedePlan,
    mode_figures,
    predict_loads,
)
from loadtests.experiments.trial.locust_process import LoadError, Summary
from loadtests.experiments.trial.parts import Bench, Run, TrialPlan
from loadtests.experiments.trial.runner import PROBES, Notes, Watch, run_trial
from loadtests.prediction.after_cold_start import Prediction
from loadtests.service_under_test.counters import loads

POLL_SECONDS = 0.025
STALE_SECONDS = 30.0  # grace of mode stale, far above the time of a load
PATIENCE = 1.5  # times the expected time, then a mode ends with what it has


def run_mode(bench: Bench, plan: StampedePlan, mode: str, folder: Path) -> ModeFigures:
    """Measure one protection; one that fails is saved as aborted, with a doubt that says so.

    A KeyboardInterrupt also saves what it ends, and goes on up.
    """
    polls: list[Poll] = []
    trial = _trial_plan(plan, mode)
    try:
        record, samples = run_trial(bench, _hot_load(plan), trial, _watch(plan, mode, polls))
    finally:
        saved = json.dumps({"mode": mode, "polls": [asdict(poll) for poll in polls]})
        (folder / f"polls-{trial.trial.number:02d}.json").write_text(saved)
    predicted = _predicted(
        plan, mode, record.prediction.fill_seconds if record.prediction else None
    )
    return mode_figures(plan, ModeRun(mode, predicted, polls, samples, _doubts(record)))


def expected_seconds(plan: StampedePlan, mode: str) -> float:
    """Return how long a mode's load takes."""
    return (plan.wanted(mode) + 1) * (plan.ttl_seconds + 2 * plan.store_delay_seconds) + 1.0


def _trial_plan(plan: StampedePlan, mode: str) -> TrialPlan:
    def predict(fill_seconds: float | None, _knobs: Mapping[str, KnobValue]) -> Prediction:
        loads_per_refresh = _predicted(plan, mode, fill_seconds)
        text = "unknown" if loads_per_refresh is None else f"{loads_per_refresh:.3f}"
        return Prediction(None, None, None, fill_seconds, f"{text} loads per refresh")

    return TrialPlan(
        trial=Trial(plan.modes.index(mode) + 1, plan.ttl_seconds, 1, seed=1),
        knobs={
            "protection": mode,
            "ttl_seconds": plan.ttl_seconds,
            "store_delay_seconds": plan.store_delay_seconds,
            "stale_seconds": STALE_SECONDS,
            "early_beta": 1.0,
            "ttl_jitter_ratio": 0.0,
        },
        window=None,
        expected_seconds=expected_seconds(plan, mode),
        predict=predict,
        probe_ids=list(range(2, 2 + PROBES)),  # none of them hot
    )


def _predicted(plan: StampedePlan, mode: str, fill_seconds: float | None) -> float | None:
    return None if fill_seconds is None else predict_loads(plan, mode, fill_seconds)


def _doubts(record: TrialRecord) -> list[Doubt]:
    counted = counted_in_window(record)
    ended_at = record.load["ended_at"] if record.load else None
    seconds = ended_at - record.started_at if ended_at and record.started_at else None
    return doubts_of(record, counted.lookups if counted else {}, seconds, [])


def _hot_load(plan: StampedePlan) -> Load:
    """Ask for one key only."""
    return make_plan(
        {"rate": Given(plan.rate, "rate"), "items": Given(1, "items"), "skew": Given(0, "skew")}, {}
    ).load


def _watch(plan: StampedePlan, mode: str, polls: list[Poll]) -> Watch:
    """Make what polls the number of loads until enough refreshes are over."""
    quiet = plan.ttl_seconds * QUIET_SHARE

    def watch(bench: Bench, trial: TrialPlan, _notes: Notes, run: Run) -> Summary:
        bench.progress.phase(trial.trial, mode)
        begun = bench.clock.time()
        while (passed := bench.clock.time() - begun) < PATIENCE * trial.expected_seconds + 10:
            if run.ended():
                raise LoadError(f"the load of mode {mode} ended by itself")
            polls.append(_poll(bench))
            if polls[-1].loads != polls[max(0, len(polls) - 2)].loads:
                found = find_refreshes(polls, plan.store_delay_seconds, quiet)
                # The cold load, those wanted, and one that shows the last of them to be over.
                if len(found) > plan.wanted(mode) + 1:
                    break
            bench.progress.loaded(trial.trial, passed)
            bench.clock.sleep(POLL_SECONDS)
        return run.stop()

    return watch


def _poll(bench: Bench) -> Poll:
    at = bench.clock.time()
    counters = bench.service.counters()
    return Poll(at, bench.clock.time(), loads(counters.store_queries))
