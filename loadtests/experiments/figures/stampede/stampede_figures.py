"""Works out what the expiry of a hot key cost, under each protection, from a run's records."""

from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from loadtests.experiments.figures.doubt import Doubt
from loadtests.experiments.figures.intervals import mean_interval, quantile
from loadtests.experiments.figures.results import rounded_milliseconds
from loadtests.experiments.figures.sampled_lookups import ended_in
from loadtests.experiments.figures.stampede.stampede_doubts import stampede_doubts
from loadtests.experiments.plan.stampede_plan import StampedePlan
from loadtests.experiments.records.kinds import require_hinted
from loadtests.experiments.records.polls import ModePolls, load_polls
from loadtests.experiments.records.record_file import RecordError
from loadtests.experiments.records.records import RunRecord, TrialRecord, load_samples
from loadtests.experiments.records.refreshes import Refresh, find_refreshes, inside
from loadtests.experiments.records.samples_file import Samples
from loadtests.experiments.records.trials import load_trials

COLD_KEY = (
    "A cold key is protected by neither early nor stale: there is no entry to serve while it "
    "loads. Only single-flight (in each process) and lease (across processes) help there."
)


@dataclass(frozen=True, slots=True)
class ModeFigures:
    """The figures of one protection.

    The first load, of the cold key, counts in `cold_loads` only.

    Attributes:
        protection: The protection.
        refreshes: Measured refreshes.
        loads_per_refresh: None without a refresh.
        low: Lower end of its 95 % interval (Student's t over refreshes); None if unknown.
        high: Upper end likewise.
        predicted: Loads per refresh, predicted before the traffic began; None if unknown.
        p99_between_seconds: Response time between refreshes; None for fewer than 1000 samples.
        p99_at_expiry_seconds: Response time during refreshes; None likewise.
        waited: Measured lookups that waited for the store; None without a refresh.
        cold_loads: Loads of the first refresh, when nothing was cached; None without one.
        doubts: Reasons not to trust the figures.
    """

    protection: str
    refreshes: int
    loads_per_refresh: float | None
    low: float | None
    high: float | None
    predicted: float | None
    p99_between_seconds: float | None
    p99_at_expiry_seconds: float | None
    waited: int | None
    cold_loads: int | None
    doubts: list[Doubt] = field(default_factory=list)

    @property
    def aborted(self) -> bool:
        """Whether the trial failed, so that the figures cover only part of it."""
        return any(doubt.kind == "aborted" for doubt in self.doubts)

    @property
    def trusted(self) -> bool:
        """Whether conclusions may be drawn from the figures."""
        return not any(doubt.scope == "trial" for doubt in self.doubts)


@dataclass(frozen=True, slots=True)
class StampedeResults:
    """The figures of a run of the stampede bench.

    Attributes:
        run: What all modes have in common.
        plan: The run's plan.
        modes: The figures of each protection, in the order of measuring.
        damaged: A line for each file that cannot be read; its protection is left out.
    """

    run: RunRecord
    plan: StampedePlan
    modes: list[ModeFigures]
    damaged: list[str] = field(default_factory=list)


def load_stampede(folder: Path, run: RunRecord) -> StampedeResults:
    """Work out the figures of a run from its records on disk.

    Raises:
        RecordError: The run's plan is not that of a stampede bench.
    """
    try:
        require_hinted(run.plan, StampedePlan, "plan.")
        plan = StampedePlan(**{**run.plan, "modes": tuple(run.plan["modes"])})
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(f"{folder}: not the plan of a stampede bench: {error}") from None
    modes, damaged = load_trials(folder).figures(folder, partial(_doubted_figures, folder, plan))
    return StampedeResults(run, plan, modes, damaged)


def _doubted_figures(folder: Path, plan: StampedePlan, record: TrialRecord) -> ModeFigures:
    samples = load_samples(folder, record)
    polls = load_polls(folder, record.trial.number)
    samples["intended"] += record.started_at or 0.0  # Polls have unix times too.
    figures = mode_figures(plan, polls, samples)
    p99_between = figures.p99_between_seconds
    return replace(figures, doubts=stampede_doubts(record, plan, polls.polls, p99_between))


def mode_figures(plan: StampedePlan, run: ModePolls, samples: Samples) -> ModeFigures:
    """Work out the figures of one protection, without its doubts.

    Args:
        plan: The bench's plan.
        run: The polls of the protection's trial.
        samples: Its samples, `intended` in unix seconds.
    """
    found = find_refreshes(run.polls, plan.store_delay_seconds, plan.quiet_seconds)
    cold, warm = found[:1], found[1 : plan.wanted(run.mode) + 1]
    loads = [refresh.loads for refresh in warm]
    interval = mean_interval(loads)
    span = _measured(samples, cold, warm)
    at_expiry = inside(span, warm)
    response = span["response"].astype(np.float64)
    return ModeFigures(
        protection=run.mode,
        refreshes=len(warm),
        loads_per_refresh=sum(loads) / len(loads) if loads else None,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        predicted=run.predicted,
        p99_between_seconds=quantile(response[~at_expiry], 0.99),
        p99_at_expiry_seconds=quantile(response[at_expiry], 0.99),
        waited=_waited(span) if warm else None,
        cold_loads=cold[0].loads if cold else None,
    )


def as_json(results: StampedeResults) -> dict[str, Any]:
    """Return what `stampede --json` prints; unknown is None."""
    return {"modes": [_mode(mode) for mode in results.modes], "damaged": results.damaged}


def _mode(figures: ModeFigures) -> dict[str, Any]:
    names = ("protection", "refreshes", "loads_per_refresh", "low", "high", "predicted")
    return {
        **{name: getattr(figures, name) for name in names},
        "p99_between_ms": rounded_milliseconds(figures.p99_between_seconds),
        "p99_at_expiry_ms": rounded_milliseconds(figures.p99_at_expiry_seconds),
        "waited": figures.waited,
        "trusted": figures.trusted,
        "doubts": [asdict(doubt) for doubt in figures.doubts],
    }


def _measured(samples: Samples, cold: list[Refresh], warm: list[Refresh]) -> Samples:
    """Return the samples that start between the end of the cold load and the last refresh's end."""
    if not warm:
        return samples[:0]
    intended = samples["intended"]
    return samples[(intended > cold[0].ends + 0.1) & (intended < warm[-1].ends)]


def _waited(samples: Samples) -> int:
    return int(ended_in(samples, ("miss", "coalesced", "bypass")).sum())
