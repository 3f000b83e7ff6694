"""Runs the steps of a search for capacity, and lets each result decide the next rate."""

import os
from dataclasses import asdict, replace
from pathlib import Path

from loadtests.experiments.capacity.capacity_figures import step_figures
from loadtests.experiments.capacity.capacity_plan import CapacityPlan, Goal
from loadtests.experiments.capacity.capacity_record import StepRecord, save_step
from loadtests.experiments.capacity.rate_search import Tried, next_rate
from loadtests.experiments.plan.trial_order import Trial
from loadtests.experiments.records.records import (
    CAPACITY,
    TrialRecord,
    save_run,
)
from loadtests.experiments.records.samples_file import Samples
from loadtests.experiments.trial.locust_process import LoadError, LocustRun, Summary
from loadtests.experiments.trial.parts import Bench, Probed, Progress, TrialPlan, seconds_since
from loadtests.experiments.trial.parts_on_stack import bench_on, run_record
from loadtests.experiments.trial.runner import PROBES, Watch, run_trial
from loadtests.prediction.after_cold_start import Prediction
from loadtests.prediction.measuring_window import Window
from loadtests.stack.stack import Stack
from loadtests.traffic.popularity import Popularity

_TICK_SECONDS = 0.25
_SPARE_SECONDS = 0.2
"""The load lasts longer than the measured time, so that its last lookups are not the run's."""


def run_capacity(plan: CapacityPlan, stack: Stack, folder: Path, progress: Progress) -> None:
    """Search for every goal on a stack that has been entered, and restore its knobs.

    Raises:
        ServiceError: The service is not available or refuses a knob.
        PlanError: Theory has no TTL for a hit ratio at a rate.
    """
    popularity = plan.popularity()
    with bench_on(stack, folder, progress) as bench:
        bench.service.fill_catalogue(popularity.largest_id + PROBES)
        ttl = plan.ttl(plan.goals[0], popularity, plan.rates.first)
        knobs = bench.service.set_knobs({**plan.knobs, "ttl_seconds": ttl})
        record = run_record(
            CAPACITY,
            f"Capacity with a p99 below {plan.max_p99_seconds * 1000:g} ms",
            {**asdict(plan), "cores": os.cpu_count()},
            stack,
            store_delay_seconds=float(knobs.get("store_delay_seconds", 0.0)),
            redis=bench.redis,
        )
        save_run(folder, record)
        number = 0
        for goal in plan.goals:
            number = search(bench, plan, goal, popularity, folder, number)


def search(  # noqa: PLR0913, PLR0917 - what a search needs, and where it stands
    bench: Bench, plan: CapacityPlan, goal: Goal, popularity: Popularity, folder: Path, number: int
) -> int:
    """Run the steps for one goal, and return the number of the last one.

    Args:
        bench: What the steps share.
        plan: The bound, the rates and the traffic.
        goal: For what the capacity is searched.
        popularity: Which ids are asked for.
        folder: Where each step is saved as it ends.
        number: Of the last step before.
    """
    tried: list[Tried] = []
    while (rate := next_rate(tried, plan.rates)) is not None:
        number += 1
        ttl = plan.ttl(goal, popularity, rate)
        window = plan.window(ttl, rate)
        step = StepRecord(number, goal.text, goal.hit_ratio, rate, ttl, window.opens, window.closes)
        save_step(folder, step)
        tried.append(run_step(bench, plan, step, popularity.largest_id))
    return number


def run_step(bench: Bench, plan: CapacityPlan, step: StepRecord, items: int) -> Tried:
    """Run one step, and return whether the bound held."""
    measured: list[tuple[TrialRecord, Samples]] = []

    def save(record: TrialRecord, samples: Samples) -> None:
        bench.save(record, samples)
        measured.append((record, samples))

    trial = TrialPlan(
        trial=Trial(step.number, step.ttl_seconds, 1, plan.seed),
        knobs={**plan.knobs, "ttl_seconds": step.ttl_seconds},
        window=None,
        expected_seconds=step.closes,
        predict=_nothing_predicted,
        probe_ids=list(range(items + 1, items + 1 + PROBES)),
    )
    run_trial(replace(bench, save=save), plan.load(step.rate), trial, _watch(step))
    ((record, samples),) = measured
    since_start = samples.copy()
    since_start["intended"] -= record.started_at or 0.0
    figures = step_figures(step, record, since_start, plan.max_p99_seconds)
    return figures.judgement.tried(step.rate)


def _watch(step: StepRecord) -> Watch:
    """Return a watch that lets the load run until the measured time is over."""

    def watch(bench: Bench, plan: TrialPlan, notes: TrialRecord, run: LocustRun) -> Summary:
        bench.progress.phase(plan.trial, f"{step.rate:g} lookups/s")
        passed = seconds_since(bench.clock, notes.started_at or bench.clock.time())
        while (left := step.closes + _SPARE_SECONDS - passed()) > 0:
            if run.ended():
                raise LoadError(f"the load generator ended {left:.1f} s too early")
            bench.progress.loaded(plan.trial, passed())
            bench.clock.sleep(min(left, _TICK_SECONDS))
        bench.progress.phase(plan.trial, f"{step.rate:g} lookups/s, drains")
        return run.stop()

    return watch


def _nothing_predicted(probed: Probed, _window: Window | None) -> Prediction:
    return Prediction(None, None, None, probed.fill_seconds, "none: the rate is what is searched")
