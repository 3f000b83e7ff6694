"""Runs the trials of a sweep on a stack, and saves their records in a folder."""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np

from loadtests.experiments.plan.fields import PlanError
from loadtests.experiments.plan.plan import Load, Plan
from loadtests.experiments.plan.trial_order import Trial, schedule
from loadtests.experiments.records.records import SWEEP, save_run
from loadtests.experiments.trial.parts import Probed, Progress, TrialPlan
from loadtests.experiments.trial.parts_on_stack import bench_on, run_record
from loadtests.experiments.trial.runner import PROBES, run_trials
from loadtests.prediction.after_cold_start import (
    Prediction,
    predict_crowded,
    predict_trace,
    predict_window,
)
from loadtests.prediction.key_rates import Reads, reads_of
from loadtests.prediction.limited_memory import crowding_of
from loadtests.prediction.measuring_window import Window, cold_window
from loadtests.replay.run_replay import InForce
from loadtests.replay.trial_replay import TrialReplay, arrivals_of_trial
from loadtests.stack.stack import Stack
from loadtests.traffic.popularity import Popularity
from loadtests.traffic.trace import Trace, TraceError, load_trace
from loadtests.workload.scenario import Scenario, Workload

TRIAL_OVERHEAD_SECONDS = 3.0  # Knobs, probe, start of the traffic, drain.


@dataclasses.dataclass(frozen=True, slots=True)
class Sweep:
    """A plan whose inputs have been read and whose trials are planned.

    Attributes:
        plan: The plan.
        load: The traffic of every trial, with the number of requests that a trace replays.
        largest_id: The catalogue is filled up to this id.
        trials: In the order of running.
    """

    plan: Plan
    load: Load
    largest_id: int
    trials: list[TrialPlan]

    @property
    def expected_seconds(self) -> dict[int, float]:
        """The duration of each trial, by its number."""
        return {
            trial.trial.number: trial.expected_seconds + TRIAL_OVERHEAD_SECONDS
            for trial in self.trials
        }


def lay_out(plan: Plan) -> Sweep:
    """Read the trace, if there is one, and plan every trial.

    Raises:
        PlanError: The trace cannot be read or is too short.
    """
    if plan.load.trace:
        load, trace = _read_trace(plan.load, plan.load.trace)
        trials = [_trace_trial(plan, load, trace, trial) for trial in schedule(plan)]
        return Sweep(plan, load, int(trace.ids.max()), trials)
    order = schedule(plan)
    popularities = {
        seed: Scenario().popularity(plan.load.settings(seed), None)
        for seed in {trial.seed for trial in order}
    }
    trials = [_window_trial(plan, trial, popularities[trial.seed]) for trial in order]
    return Sweep(plan, plan.load, popularities[plan.seed].largest_id, trials)


def run_sweep(
    sweep: Sweep, stack: Stack, folder: Path, progress: Progress, metrics_host: str | None = None
) -> None:
    """Run every trial on a stack that has been entered, and restore its knobs.

    The load serves its metrics at *metrics_host*, or nowhere if it is None.

    Raises:
        ServiceError: The service is not available or refuses the plan.
    """
    with bench_on(stack, folder, progress, metrics_host) as bench:
        bench.service.fill_catalogue(sweep.largest_id)
        knobs = bench.service.set_knobs(sweep.trials[0].knobs)
        record = run_record(
            SWEEP,
            sweep.plan.title,
            dataclasses.asdict(sweep.plan),
            stack,
            store_delay_seconds=float(knobs.get("store_delay_seconds", 0.0)),
            redis=bench.redis,
            wanted_hit_ratio=sweep.plan.wanted_hit_ratio,
        )
        save_run(folder, record)
        run_trials(bench, sweep.load, sweep.trials)


def _window_trial(plan: Plan, trial: Trial, popularity: Popularity) -> TrialPlan:
    load = plan.load
    reads = reads_of(popularity, load.rate, load.arrivals)
    knobs = {**plan.knobs, "ttl_seconds": trial.ttl_seconds}
    planned = cold_window(reads, load.rate, knobs, plan.window_ttls)
    return TrialPlan(
        trial=trial,
        knobs=knobs,
        window=planned,
        expected_seconds=planned.with_fills(float(knobs.get("store_delay_seconds", 0.0))).closes,
        predict=lambda probed, window: _predict(reads, probed, window or planned),
        probe_ids=_probe_ids(popularity.largest_id, trial.seed),
        replay=_replay_of(Workload(load.settings(trial.seed), None)),
    )


def _predict(reads: Reads | None, probed: Probed, window: Window) -> Prediction:
    knobs, fill_seconds, limit = probed.knobs, probed.fill_seconds, probed.limit
    if reads is not None and limit is not None:
        crowding = crowding_of(reads, knobs, limit.entries)
        if crowding is not None:
            return predict_crowded(reads, knobs, fill_seconds, limit.policy, crowding)
    return predict_window(reads, knobs, fill_seconds, window, probed.processes)


def _trace_trial(plan: Plan, load: Load, trace: Trace, trial: Trial) -> TrialPlan:
    workload = Workload(load.settings(trial.seed), trace)

    def predict(probed: Probed, _window: Window | None) -> Prediction:
        requests = arrivals_of_trial(workload, math.inf, probed.processes)
        return predict_trace(requests, probed.knobs, probed.fill_seconds)

    return TrialPlan(
        trial=trial,
        knobs={**plan.knobs, "ttl_seconds": trial.ttl_seconds},
        window=None,
        expected_seconds=trace.ids.size / load.rate,
        predict=predict,
        probe_ids=_probe_ids(int(trace.ids.max()), trial.seed),
        replay=_replay_of(workload),
    )


def _replay_of(workload: Workload) -> Callable[[Probed, float], TrialReplay]:
    def replay(probed: Probed, until: float) -> TrialReplay:
        arrivals = arrivals_of_trial(workload, until, probed.processes)
        return TrialReplay(arrivals, InForce(probed.knobs, probed.fill_seconds or 0.0))

    return replay


def _read_trace(load: Load, path: Path) -> tuple[Load, Trace]:
    """Return the part of a trace that is replayed, without the trace's own times."""
    try:
        ids = load_trace(path).ids
    except TraceError as error:
        raise PlanError(str(error)) from None
    requests = load.requests or ids.size
    if requests > ids.size:
        raise PlanError(
            f"requests: trace {path} holds {ids.size} requests, got {requests}; ask for fewer"
        )
    return dataclasses.replace(load, requests=requests), Trace(ids[:requests], None)


def _probe_ids(items: int, seed: int) -> list[int]:
    """Return ids to time loads with; the cache is emptied after they were read."""
    drawn = np.random.default_rng([seed, 3]).permutation(min(items, 100_000))[:PROBES]
    return [int(item) + 1 for item in drawn]
