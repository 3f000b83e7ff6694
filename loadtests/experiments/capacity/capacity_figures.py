"""Works out the capacity of a service from the records of the steps of a search."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from loadtests.experiments.capacity.capacity_plan import CapacityPlan
from loadtests.experiments.capacity.capacity_record import StepRecord, load_step
from loadtests.experiments.capacity.rate_search import Found, summary
from loadtests.experiments.capacity.step_judgement import Judgement, judge
from loadtests.experiments.figures.doubts import LATE_SECONDS
from loadtests.experiments.figures.intervals import quantile
from loadtests.experiments.figures.sampled_lookups import sampled_hit_ratio, slip_of
from loadtests.experiments.records.kinds import require_hinted
from loadtests.experiments.records.record_file import RecordError, refuse_damage
from loadtests.experiments.records.records import (
    RUN_FILE,
    RunRecord,
    TrialRecord,
    load_samples,
)
from loadtests.experiments.records.samples_file import Samples
from loadtests.experiments.records.trials import load_trials

QUEUEING_FACTOR = 2.0
"""Lookups queue where the median response is this many times that at the quickest lower rate."""

MOST_BUSY_SHARE = 0.5
"""Of the cores; above it a search says that other programs ran."""


@dataclass(frozen=True, slots=True)
class StepFigures:
    """One step; a figure that is unknown is None.

    Attributes:
        record: What was tried.
        judgement: What it says of the bound.
        lookups: Those of its measured time.
        hit_ratio: Of those that the cache was asked for.
        p50_seconds: Of response times, from the intended start.
        p99_seconds: Likewise.
        service_p99_seconds: The same from the moment of sending.
        slip_p99_seconds: How late lookups were sent.
        cpu_ratio: Of the load generator, in cores.
        aborted: Why the step was aborted; None if it was not.
    """

    record: StepRecord
    judgement: Judgement
    lookups: int
    hit_ratio: float | None
    p50_seconds: float | None
    p99_seconds: float | None
    service_p99_seconds: float | None
    slip_p99_seconds: float | None
    cpu_ratio: float | None
    aborted: str | None


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the steps for one goal found.

    Attributes:
        goal: For people.
        steps: In the order of running.
        found: The highest rate that holds, and the lowest that does not.
        generator: Why the load generator's own limit came before the service's; None if it did
            not.
        marks: The lowest rate at which lookups queued, were sent late, broke the bound; None each
            if that never happened.
    """

    goal: str
    steps: Sequence[StepFigures]
    found: Found
    generator: str | None
    marks: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class CapacityResults:
    """All searches of a run.

    Attributes:
        run: What they have in common.
        max_p99_seconds: The bound.
        capacities: One for each goal.
        damaged: A line for each file that cannot be read.
        doubts: Reasons not to trust the answers.
    """

    run: RunRecord
    max_p99_seconds: float
    capacities: Sequence[Capacity]
    damaged: Sequence[str]
    doubts: Sequence[str]


def load_capacity(folder: Path, run: RunRecord) -> CapacityResults:
    """Work out the figures of every step whose files can be read.

    Raises:
        RecordError: The run's plan is not that of a search for capacity.
    """
    with refuse_damage(folder / RUN_FILE):
        require_hinted(run.plan, CapacityPlan, "plan.")
    bound = run.plan.get("max_p99_seconds")
    if not isinstance(bound, int | float) or not 0 < bound < math.inf:
        raise RecordError(f"{folder}: not the plan of a search for capacity")
    trials = load_trials(folder)

    def figures(trial: TrialRecord) -> StepFigures:
        record = load_step(folder, trial.trial.number)
        return step_figures(record, trial, load_samples(folder, trial), bound)

    steps, damaged = trials.figures(folder, figures)
    grouped = groupby(steps, key=lambda step: step.record.goal)
    capacities = [capacity_of(goal, list(same)) for goal, same in grouped]
    first = trials.records[0] if trials.records else None
    return CapacityResults(run, bound, capacities, damaged, _busy_machine(run, first))


def step_figures(
    record: StepRecord, trial: TrialRecord, samples: Samples, bound_seconds: float
) -> StepFigures:
    """Return the figures of one step.

    Args:
        record: What was tried.
        trial: Its record as a trial.
        samples: Of its load; `intended` in seconds after the first arrival.
        bound_seconds: The bound of the p99.
    """
    inside = (samples["intended"] >= record.opens) & (samples["intended"] < record.closes)
    measured = samples[inside].copy()
    measured["intended"] -= record.opens
    load = trial.load if trial.aborted is None else None
    response = measured["response"].astype(np.float64)
    service = measured["service"].astype(np.float64)
    return StepFigures(
        record=record,
        judgement=judge(measured, record.closes - record.opens, bound_seconds, load),
        lookups=len(measured),
        hit_ratio=sampled_hit_ratio(measured),
        p50_seconds=quantile(response, 0.50),
        p99_seconds=quantile(response, 0.99),
        service_p99_seconds=quantile(service[~np.isnan(service)], 0.99),
        slip_p99_seconds=quantile(slip_of(measured), 0.99),
        cpu_ratio=(load or {}).get("cpu_ratio"),
        aborted=trial.aborted,
    )


def capacity_of(goal: str, steps: Sequence[StepFigures]) -> Capacity:
    """Return what the steps for one goal found, in the order of running."""
    found = summary([step.judgement.tried(step.record.rate) for step in steps])
    breaking = [step for step in steps if step.record.rate == found.breaks]
    reasons = [step.judgement.generator for step in breaking if step.judgement.verdict != "holds"]
    own = next((reason for reason in reasons if reason), None) if all(reasons) else None
    marks = {
        "queueing": _queueing(steps),
        "slip": _lowest(steps, lambda step: (step.slip_p99_seconds or 0.0) > LATE_SECONDS),
        "breach": found.breaks,
    }
    return Capacity(goal, steps, found, own, marks)


def limited_by(capacity: Capacity) -> str | None:
    """Return whose limit ended the climb: generator or service; None if nothing broke."""
    if capacity.found.breaks is None:
        return None
    return "generator" if capacity.generator else "service"


def _busy_machine(run: RunRecord, first: TrialRecord | None) -> list[str]:
    """Say whether other programs ran before the first step, which nothing of the run explains."""
    cores = run.plan.get("cores")
    load = first.conditions[0].load_average if first and first.conditions else None
    if not isinstance(cores, int) or not isinstance(load, int | float):
        return []
    if load <= MOST_BUSY_SHARE * cores:
        return []
    seen = f"load average {load:.1f} on {cores} cores"
    return [f"other programs ran before the first step ({seen}); a quiet machine answers more"]


def _queueing(steps: Sequence[StepFigures]) -> float | None:
    quickest: float | None = None
    for step in sorted(steps, key=lambda each: each.record.rate):
        median = step.p50_seconds
        if median is None:
            continue
        if quickest is not None and median >= QUEUEING_FACTOR * quickest:
            return step.record.rate
        quickest = median if quickest is None else min(quickest, median)
    return None


def _lowest(steps: Sequence[StepFigures], holds: Callable[[StepFigures], bool]) -> float | None:
    return min((step.record.rate for step in steps if holds(step)), default=None)
