"""Runs the trials of the stampede bench, one for each protection, and saves their records."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from loadtests.experiments.plan.fields import Given
from loadtests.experiments.plan.load import Load
from loadtests.experiments.plan.plan import make_plan
from loadtests.experiments.plan.stampede_plan import StampedePlan
from loadtests.experiments.plan.trial_order import Trial
from loadtests.experiments.records.polls import ModePolls, Poll, save_polls
from loadtests.experiments.records.records import STAMPEDE, TrialRecord, save_run
from loadtests.experiments.records.refreshes import find_refreshes
from loadtests.experiments.trial.locust_process import LoadError, LocustRun, Summary
from loadtests.experiments.trial.parts import Bench, Probed, Progress, TrialPlan, seconds_since
from loadtests.experiments.trial.parts_on_stack import bench_on, run_record
from loadtests.experiments.trial.runner import PROBES, Watch, read_conditions, run_trial
from loadtests.prediction.after_cold_start import Prediction
from loadtests.prediction.measuring_window import Window
from loadtests.service_under_test.counters import loads
from loadtests.stack.stack import Stack
from loadtests.theory import fill, stampede

TITLE = "Stampede: loads at each expiry of a hot key"
POLL_SECONDS = 0.025
STALE_SECONDS = 30.0  # Grace of mode stale, far longer than a load.
PATIENCE = 1.5  # A mode ends with what it has after this many times its expected duration.


def run_stampede(plan: StampedePlan, stack: Stack, folder: Path, progress: Progress) -> None:
    """Measure every protection on a stack that has been entered, and restore its knobs.

    Raises:
        ServiceError: The service is not available.
    """
    with bench_on(stack, folder, progress) as bench:
        bench.service.fill_catalogue(PROBES + 2)
        record = run_record(
            STAMPEDE,
            TITLE,
            asdict(plan),
            stack,
            store_delay_seconds=plan.store_delay_seconds,
            redis=bench.redis,
        )
        save_run(folder, record)
        for mode in plan.modes:
            run_mode(bench, plan, mode, folder)


def run_mode(bench: Bench, plan: StampedePlan, mode: str, folder: Path) -> None:
    """Measure one protection and save its record, as aborted if it fails.

    A KeyboardInterrupt propagates after the record is saved.
    """
    polls: list[Poll] = []
    predicted: float | None = None

    def predict(probed: Probed, _window: Window | None) -> Prediction:
        nonlocal predicted
        fill_seconds = probed.fill_seconds
        predicted = None if fill_seconds is None else predict_loads(plan, mode, fill_seconds)
        text = "unknown" if predicted is None else f"{predicted:.3f}"
        return Prediction(None, None, None, fill_seconds, f"{text} loads per refresh")

    trial = TrialPlan(
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
        expected_seconds=_load_seconds(plan, mode),
        predict=predict,
        probe_ids=list(range(2, 2 + PROBES)),  # The hot key, id 1, is not among them.
    )
    try:
        run_trial(bench, _hot_load(plan), trial, _watch(plan, mode, polls))
    finally:
        save_polls(folder, trial.trial.number, ModePolls(mode, predicted, polls))


def expected_seconds(plan: StampedePlan) -> dict[int, float]:
    """Return how long each mode takes, by the number of its trial."""
    return {
        number: _load_seconds(plan, mode) + plan.store_delay_seconds * PROBES + 2
        for number, mode in enumerate(plan.modes, start=1)
    }


def predict_loads(plan: StampedePlan, mode: str, fill_seconds: float) -> float:
    """Predict loads per refresh over all processes (F2, F10, F11, F14).

    Args:
        plan: The bench's traffic.
        mode: The protection.
        fill_seconds: Duration of a load, from a probe before the trial.
    """
    if mode == "none":
        return stampede.open_loop_loads(plan.rate, fill_seconds)
    if mode == "early":
        return stampede.early(plan.rate, plan.ttl_seconds, fill_seconds, 1.0).loads_per_refresh
    if mode == "single-flight":
        rates = np.array([plan.rate], dtype=np.float64)
        return float(fill.loads_of_processes(rates, fill_seconds, plan.processes)[0])
    return 1.0


def _load_seconds(plan: StampedePlan, mode: str) -> float:
    return (plan.wanted(mode) + 1) * (plan.ttl_seconds + 2 * plan.store_delay_seconds) + 1.0


def _hot_load(plan: StampedePlan) -> Load:
    """Return traffic to one key."""
    return make_plan(
        {"rate": Given(plan.rate, "rate"), "items": Given(1, "items"), "skew": Given(0, "skew")}, {}
    ).load


def _watch(plan: StampedePlan, mode: str, polls: list[Poll]) -> Watch:
    """Return a watch that polls the number of loads until enough refreshes are over."""

    def watch(bench: Bench, trial: TrialPlan, notes: TrialRecord, run: LocustRun) -> Summary:
        bench.progress.phase(trial.trial, mode)
        since_begin = seconds_since(bench.clock, bench.clock.time())
        while (passed := since_begin()) < PATIENCE * trial.expected_seconds + 10:
            if run.ended():
                raise LoadError(f"the load generator of mode {mode} ended by itself")
            polls.append(_poll(bench))
            if polls[-1].loads != polls[max(0, len(polls) - 2)].loads:
                found = find_refreshes(polls, plan.store_delay_seconds, plan.quiet_seconds)
                # The cold load comes first, and one more refresh shows that the last one is over.
                if len(found) > plan.wanted(mode) + 1:
                    break
            if passed > plan.ttl_seconds * len(notes.conditions):  # One was read before.
                notes.conditions.append(read_conditions(bench))
            bench.progress.loaded(trial.trial, passed)
            bench.clock.sleep(POLL_SECONDS)
        return run.stop()

    return watch


def _poll(bench: Bench) -> Poll:
    at = bench.clock.time()
    counters = bench.service.counters()
    return Poll(at, bench.clock.time(), loads(counters.store_queries))
