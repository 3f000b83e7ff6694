"""Runs the trials of a plan, one after another, and saves each as soon as it has ended."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loadtests.experiments.bench import Bench, Run, TrialPlan
from loadtests.experiments.locust_load import LoadError, Summary
from loadtests.experiments.plan import Load
from loadtests.experiments.prediction import Prediction
from loadtests.experiments.records import Drained, Reading, TrialRecord
from loadtests.experiments.service_under_test import PROBES_LEFT_OUT
from loadtests.experiments.window import Window
from loadtests.service_client import ServiceError

PROBES = PROBES_LEFT_OUT + 20  # loads timed before a trial
LONGEST_SLEEP_SECONDS = 0.25  # between looks at whether the load is still there
QUIET_READINGS = 10  # tries for counters of service and Redis that belong together


@dataclass(slots=True)
class _Notes:
    """What a trial has learnt so far; an aborted one is saved with just that."""

    knobs: dict[str, Any] = field(default_factory=dict)
    prediction: Prediction | None = None
    predicted_at: float | None = None
    started_at: float | None = None
    readings: list[Reading] = field(default_factory=list)
    before: Drained | None = None
    after: Drained | None = None
    load: Summary | None = None


def run_trials(bench: Bench, load: Load, trials: list[TrialPlan]) -> None:
    """Run trials in order; one that fails is saved as aborted, and the next begins.

    A KeyboardInterrupt also saves the trial it ends, and goes on up.
    """
    for trial in trials:
        _run_trial(bench, load, trial)


def _run_trial(bench: Bench, load: Load, plan: TrialPlan) -> None:
    notes = _Notes()
    record = bench.scratch / f"load-{plan.trial.number:02d}"
    record.mkdir(parents=True)
    aborted: str | None = "interrupted"
    try:
        _measure(bench, load, plan, notes, record)
        aborted = None
    except (LoadError, ServiceError) as error:
        aborted = str(error)
    finally:
        saved = TrialRecord(
            trial=plan.trial,
            window=plan.window,
            aborted=aborted,
            **{name: getattr(notes, name) for name in _Notes.__slots__},
        )
        bench.save(saved, bench.read_samples(record))
        bench.progress.finished(saved)


def _measure(bench: Bench, load: Load, plan: TrialPlan, notes: _Notes, record: Path) -> None:
    bench.progress.phase(plan.trial, "prepare")
    _prepare(bench, plan, notes)
    run = bench.load.start(load, plan.trial.seed, record)
    try:
        notes.started_at = run.started_at()
        if plan.window is None:
            notes.load = _replay_whole(bench, plan, notes, run)
        else:
            _watch_window(bench, plan, plan.window, notes, run)
            bench.progress.phase(plan.trial, "collect")
            notes.load = run.stop()
    except BaseException:
        run.kill()
        raise
    notes.after = drained(bench)
    if plan.window is None:
        notes.readings.append(Reading(notes.load["ended_at"], notes.after.service))


def _prepare(bench: Bench, plan: TrialPlan, notes: _Notes) -> None:
    """Set knobs, empty the cache, time some loads, empty it again, predict, count."""
    bench.service.set_knobs(plan.knobs)
    bench.service.clear_cache()
    fill_seconds = bench.service.probe_fill_seconds(plan.probe_ids, PROBES)
    bench.service.clear_cache()
    notes.knobs = bench.service.knobs()
    notes.prediction = plan.predict(fill_seconds, notes.knobs)
    notes.predicted_at = bench.clock.time()
    notes.before = drained(bench)


def _watch_window(bench: Bench, plan: TrialPlan, window: Window, notes: _Notes, run: Run) -> None:
    """Read the counters at each edge of the window's batches, under load."""
    bench.progress.phase(plan.trial, "warm-up")
    for index, edge in enumerate(window.edges):
        _wait(bench, plan, notes, run, edge)
        begun = bench.clock.time()
        counters = bench.service.counters()
        notes.readings.append(Reading((begun + bench.clock.time()) / 2, counters))
        if index == 0:
            bench.progress.phase(plan.trial, "measure")


def _replay_whole(bench: Bench, plan: TrialPlan, notes: _Notes, run: Run) -> Summary:
    """Let a load of known length end by itself; everything of it is measured."""
    if notes.started_at is None or notes.before is None:
        raise LoadError("the load began before it was prepared")
    bench.progress.phase(plan.trial, "measure")
    notes.readings.append(Reading(notes.started_at, notes.before.service))
    begun = notes.started_at
    while not run.ended():
        passed = bench.clock.time() - begun
        bench.progress.loaded(plan.trial, min(passed, plan.expected_seconds))
        if passed > 2 * plan.expected_seconds + 60:
            raise LoadError(f"the load took over twice its {plan.expected_seconds:.0f} s")
        bench.clock.sleep(LONGEST_SLEEP_SECONDS)
    bench.progress.phase(plan.trial, "collect")
    return run.finish(1.0)


def _wait(bench: Bench, plan: TrialPlan, notes: _Notes, run: Run, offset: float) -> None:
    """Wait until so many seconds after the load's time zero."""
    begun = notes.started_at or 0.0
    while (left := begun + offset - bench.clock.time()) > 0:
        if run.ended():
            raise LoadError(f"the load ended {left:.1f} s before {offset:.1f} s had passed")
        bench.clock.sleep(min(left, LONGEST_SLEEP_SECONDS))
        bench.progress.loaded(plan.trial, min(offset, bench.clock.time() - begun))


def drained(bench: Bench) -> Drained:
    """Read service and Redis so that both counts belong to one moment.

    The service polls its settings in Redis now and then; a reading between two equal
    ones of the service holds no half of such a poll.
    """
    service = bench.service.counters()
    if bench.redis is None:
        return Drained(service, None)
    for _ in range(QUIET_READINGS):
        redis = bench.redis.counters()
        again = bench.service.counters()
        if again == service:
            break
        service = again
        bench.clock.sleep(0.01)
    return Drained(service, redis)
