"""Runs the trials of a sweep on a stack, and saves their records in a folder."""

import dataclasses
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from loadtests.experiments.plan.fields import PlanError
from loadtests.experiments.plan.load import Load
from loadtests.experiments.plan.plan import Plan, Setting
from loadtests.experiments.plan.trial_order import Trial, schedule
from loadtests.experiments.records.records import SWEEP, save_run
from loadtests.experiments.trial.parts import Progress, Room, TrialPlan
from loadtests.experiments.trial.parts_on_stack import bench_on, run_record
from loadtests.experiments.trial.resuming import resumed
from loadtests.experiments.trial.runner import PROBES, run_trials
from loadtests.experiments.trial.trial_traffic import TrialTraffic
from loadtests.prediction.measuring_window import Window, cold_window
from loadtests.service_under_test.contract import Knob
from loadtests.stack.stack import Stack
from loadtests.target.own_service import Target
from loadtests.traffic.trace import Trace, TraceError
from loadtests.workload.trace_of_target import read_trace_for

TRIAL_OVERHEAD_SECONDS = 3.0  # Knobs, probe, start of the traffic, drain.


@dataclasses.dataclass(frozen=True, slots=True)
class Sweep:
    """A plan whose inputs have been read and whose trials are planned.

    Attributes:
        plan: The plan.
        load: The traffic of every trial, with the number of requests that a trace replays.
        largest_id: The catalogue is filled up to this id.
        trials: In the order of running.
        done: Numbers of those that have been measured already, by a sweep that is resumed.
        key_names: The keys of a target that the trace names; empty where it holds ids.
    """

    plan: Plan
    load: Load
    largest_id: int
    trials: list[TrialPlan]
    done: frozenset[int] = frozenset()
    key_names: tuple[str, ...] = ()

    @property
    def left(self) -> list[TrialPlan]:
        """The trials that are still to be measured."""
        return [trial for trial in self.trials if trial.trial.number not in self.done]

    @property
    def expected_seconds(self) -> dict[int, float]:
        """The duration of each trial that is left, by its number."""
        return {
            trial.trial.number: trial.expected_seconds + TRIAL_OVERHEAD_SECONDS
            for trial in self.left
        }


def lay_out(plan: Plan, target: Target | None = None) -> Sweep:
    """Read the trace, if there is one, and plan every trial.

    Args:
        plan: The plan.
        target: A service of one's own; its traces may hold keys instead of ids.

    Raises:
        PlanError: The trace cannot be read or is too short.
    """
    load, trace = plan.load, None
    if plan.load.trace:
        load, trace = _read_trace(plan.load, plan.load.trace, target)
    settings = dataclasses.replace(plan, load=load)
    made: dict[tuple[object, ...], TrialTraffic] = {}
    trials = []
    for trial in schedule(plan):
        setting = settings.at(trial.values)
        key = (trial.seed, setting.load.scenario, *setting.load.flags.items())
        if key not in made:
            made[key] = TrialTraffic(setting.load, trial.seed, trace)
        trials.append(_plan_trial(plan, trial, setting, made[key], trace))
    largest = max(each.popularity.largest_id for each in made.values())
    return Sweep(plan, load, largest, trials, key_names=trace.names if trace else ())


def run_sweep(
    sweep: Sweep, stack: Stack, folder: Path, progress: Progress, metrics_host: str | None = None
) -> None:
    """Run every trial on a stack that has been entered, and restore its knobs.

    Trials that a sweep into the same folder has measured are left as they are.

    Args:
        sweep: The trials.
        stack: Where they run.
        folder: Where their records go; new, or that of the sweep that is resumed.
        progress: Shows how far the sweep is.
        metrics_host: Address at which the load serves its metrics; None for nowhere.

    Raises:
        ServiceError: The service is not available or refuses the plan.
    """
    with bench_on(stack, folder, progress, metrics_host) as bench:
        bench.service.fill_catalogue(sweep.largest_id)
        knobs = bench.service.set_knobs(sweep.trials[0].knobs)
        made = run_record(
            SWEEP,
            sweep.plan.title,
            dataclasses.asdict(sweep.plan),
            stack,
            store_delay_seconds=float(knobs.get("store_delay_seconds", 0.0)),
            redis=bench.redis,
            wanted_hit_ratio=sweep.plan.wanted_hit_ratio,
        )
        save_run(folder, resumed(folder, made) if sweep.done else made)
        run_trials(bench, sweep.load, sweep.left)


def _plan_trial(
    plan: Plan, trial: Trial, setting: Setting, traffic: TrialTraffic, trace: Trace | None
) -> TrialPlan:
    load, knobs = setting.load, {**setting.knobs, "ttl_seconds": trial.ttl_seconds}
    planned = None
    if trace is None:
        looked_up = load.rate * (1.0 - traffic.write_ratio)
        planned = cold_window(traffic.reads, looked_up, knobs, plan.window_ttls)
    return TrialPlan(
        trial=trial,
        knobs=knobs,
        window=planned,
        expected_seconds=_expected_seconds(planned, knobs, trace, load.rate),
        predict=partial(traffic.predict, planned),
        probe_ids=_probe_ids(traffic.popularity.largest_id, trial.seed),
        replay=traffic.replay,
        load=load,
        memory=_room(setting.memory),
        lookups_per_second=traffic.lookups_per_second,
    )


def _expected_seconds(
    planned: Window | None, knobs: Mapping[str, Knob], trace: Trace | None, rate: float
) -> float:
    if planned is None:
        return (trace.ids.size if trace else 0) / rate
    return planned.with_fills(float(knobs.get("store_delay_seconds", 0.0))).closes


def _room(memory: Mapping[str, Knob]) -> Room | None:
    if not memory:
        return None
    return Room(int(memory["maxmemory_entries"]), str(memory["maxmemory_policy"]))


def _read_trace(load: Load, path: Path, target: Target | None) -> tuple[Load, Trace]:
    """Return the part of a trace that is replayed, without the trace's own times."""
    try:
        ids, _, names = read_trace_for(path, target)
    except TraceError as error:
        raise PlanError(str(error)) from None
    requests = load.requests or ids.size
    if requests > ids.size:
        raise PlanError(
            f"requests: trace {path} holds {ids.size} requests, got {requests}; ask for fewer"
        )
    return dataclasses.replace(load, requests=requests), Trace(ids[:requests], None, names)


def _probe_ids(items: int, seed: int) -> list[int]:
    """Return ids to time loads with; the cache is emptied after they were read."""
    drawn = np.random.default_rng([seed, 3]).permutation(min(items, 100_000))[:PROBES]
    return [int(item) + 1 for item in drawn]
