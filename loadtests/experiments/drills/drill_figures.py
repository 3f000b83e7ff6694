"""Works out what a fault did to a steady load, phase by phase, from a run's records."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from loadtests.experiments.drills.drill_plan import DrillPlan
from loadtests.experiments.drills.drill_record import DrillPoll, DrillRecord, load_drill
from loadtests.experiments.figures.doubts import LATE_SECONDS
from loadtests.experiments.figures.intervals import quantile
from loadtests.experiments.figures.sampled_lookups import (
    WITHOUT_VALUE,
    ended_in,
    sampled_hit_ratio,
    slip_of,
)
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

PHASES = ("before", "during", "after")
LONGEST_POLL_GAP_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class PhaseFigures:
    """A phase of a drill; a figure that is unknown is None.

    Attributes:
        phase: before, during or after.
        seconds: Its length.
        lookups: Those that were meant to start in it.
        failed: Those without a value.
        bypassed: Those that the store answered because the cache was not asked.
        hit_ratio: Of those that the cache was asked for.
        p50_seconds: Of response times, from the intended start.
        p99_seconds: Likewise.
        slowest_seconds: Likewise.
        store_reads_per_second: Loads, counted by the service.
    """

    phase: str
    seconds: float
    lookups: int
    failed: int
    bypassed: int
    hit_ratio: float | None
    p50_seconds: float | None
    p99_seconds: float | None
    slowest_seconds: float | None
    store_reads_per_second: float | None


@dataclass(frozen=True, slots=True)
class DrillFigures:
    """One drill.

    Attributes:
        number: From 1, in the order of running.
        record: When what happened.
        phases: Those that were reached, in order.
        well_seconds: From the end of the fault until all was well; None if it was not.
        samples: `intended` in seconds after the fault began; None if nothing was sampled.
        aborted: Why the drill was aborted; None if it was not.
        doubts: Reasons not to trust its latencies.
    """

    number: int
    record: DrillRecord
    phases: Sequence[PhaseFigures]
    well_seconds: float | None
    samples: Samples | None
    aborted: str | None
    doubts: Sequence[str]


@dataclass(frozen=True, slots=True)
class DrillResults:
    """All drills of a run.

    Attributes:
        run: What they have in common.
        drills: In the order of running.
        damaged: A line for each file that cannot be read.
    """

    run: RunRecord
    drills: Sequence[DrillFigures]
    damaged: Sequence[str]


def load_drills(folder: Path, run: RunRecord) -> DrillResults:
    """Work out the figures of every drill whose files can be read.

    Raises:
        RecordError: The run's plan is not that of drills.
    """
    with refuse_damage(folder / RUN_FILE):
        require_hinted(run.plan, DrillPlan, "plan.")
    numbers = (run.plan.get(name) for name in ("items", "ttl_seconds", "seconds"))
    load = run.plan.get("load")
    rate = load.get("rate") if isinstance(load, dict) else None
    if not all(isinstance(each, int | float) for each in (*numbers, rate)):
        raise RecordError(f"{folder}: not the plan of drills")

    def figures(trial: TrialRecord) -> DrillFigures:
        record = load_drill(folder, trial.trial.number)
        return drill_figures(trial, record, load_samples(folder, trial))

    drills, damaged = load_trials(folder).figures(folder, figures)
    return DrillResults(run, drills, damaged)


def drill_figures(trial: TrialRecord, record: DrillRecord, samples: Samples) -> DrillFigures:
    """Return the figures of one drill.

    Args:
        trial: Its record as a trial.
        record: When it broke what.
        samples: Of its load; `intended` in seconds after the first arrival.
    """
    begun = trial.started_at or 0.0
    edges = [record.opened_at, record.struck_at, record.healed_at, record.ended_at]
    spans = [
        (phase, since, until)
        for phase, since, until in zip(PHASES, edges[:-1], edges[1:], strict=True)
        if since is not None and until is not None
    ]
    of_phase = {
        phase: _between(samples, since - begun, until - begun) for phase, since, until in spans
    }
    since_fault = None
    if record.struck_at is not None and len(samples):
        since_fault = samples.copy()
        since_fault["intended"] += begun - record.struck_at
    well = None
    if record.well_at is not None and record.healed_at is not None:
        well = record.well_at - record.healed_at
    return DrillFigures(
        number=trial.trial.number,
        record=record,
        phases=[
            _phase(phase, until - since, of_phase[phase], _reads(record.polls, since, until))
            for phase, since, until in spans
        ],
        well_seconds=well,
        samples=since_fault,
        aborted=trial.aborted,
        doubts=_doubts(trial, of_phase.get("before")),
    )


def _phase(phase: str, seconds: float, samples: Samples, reads: float | None) -> PhaseFigures:
    response = samples["response"].astype(np.float64)
    return PhaseFigures(
        phase=phase,
        seconds=seconds,
        lookups=len(samples),
        failed=int(ended_in(samples, WITHOUT_VALUE).sum()),
        bypassed=int(ended_in(samples, ["bypass"]).sum()),
        hit_ratio=sampled_hit_ratio(samples),
        p50_seconds=quantile(response, 0.50),
        p99_seconds=quantile(response, 0.99),
        slowest_seconds=float(response.max()) if len(response) else None,
        store_reads_per_second=reads,
    )


def _reads(polls: Sequence[DrillPoll], since: float, until: float) -> float | None:
    """Return loads per second between the readings nearest to two times; None without them."""
    if not polls:
        return None
    first = min(polls, key=lambda poll: abs(poll.at - since))
    last = min(polls, key=lambda poll: abs(poll.at - until))
    gaps = max(abs(first.at - since), abs(last.at - until))
    if last.at <= first.at or gaps > LONGEST_POLL_GAP_SECONDS:
        return None
    return (last.store_reads - first.store_reads) / (last.at - first.at)


def _doubts(trial: TrialRecord, before: Samples | None) -> list[str]:
    """Say whether the load generator itself was late before anything was broken."""
    if trial.aborted is not None:
        return [f"the drill was aborted: {trial.aborted}"]
    if before is None or not len(before):
        return ["no lookup was sent before the fault"]
    p99 = quantile(slip_of(before), 0.99)
    if p99 is not None and p99 > LATE_SECONDS:
        late_ms = f"{p99 * 1000:.0f} ms"
        return [
            f"1 % of the lookups started at least {late_ms} late before the fault: lower the rate"
        ]
    return []


def _between(samples: Samples, since: float, until: float) -> Samples:
    intended = samples["intended"]
    return samples[(intended >= since) & (intended < until)]
