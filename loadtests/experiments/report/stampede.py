"""What the expiry of a hot key costs the store and those who ask, under each protection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from loadtests.experiments.records.records import Samples
from loadtests.experiments.report.doubts import Doubt
from loadtests.experiments.report.intervals import mean_interval, quantile
from loadtests.experiments.report.refreshes import Poll, Refresh, find_refreshes, inside
from loadtests.sender.samples import RESULT_INDEX
from loadtests.theory import stampede
from loadtests.workload.knob_flags import KNOB_FLAGS, UNCHANGED

MODES = tuple(
    word
    for flag in KNOB_FLAGS
    if flag.key == "protection"
    for word in flag.choices
    if word != UNCHANGED
)
QUIET_SHARE = 0.5  # of the TTL without a load parts two refreshes
COLD_KEY = (
    "A cold key is protected by neither early nor stale: there is no entry to serve while it "
    "loads. Only single-flight (in each process) and lease (across processes) help there."
)


@dataclass(frozen=True, slots=True)
class StampedePlan:
    """The bench's load and knobs; rates per second, times in seconds."""

    modes: tuple[str, ...] = MODES
    rate: float = 500.0
    ttl_seconds: float = 3.0
    store_delay_seconds: float = 0.1
    refreshes: int = 20
    early_refreshes: int = 60  # their number varies, so more of them
    processes: int = 2

    def wanted(self, mode: str) -> int:
        """How many refreshes of a mode are measured."""
        return self.early_refreshes if mode == "early" else self.refreshes


@dataclass(frozen=True, slots=True)
class ModeFigures:
    """One protection. The first load, of the cold key, is in none of the figures but its own."""

    protection: str
    refreshes: int
    loads_per_refresh: float | None  # None without a refresh
    low: float | None  # 95 %, Student's t over refreshes
    high: float | None
    predicted: float | None  # made before the load began
    p99_between_seconds: float | None  # response time; None with fewer than 1000 samples
    p99_at_expiry_seconds: float | None
    waited: int | None  # lookups of the measured span that waited for the store; None without one
    cold_loads: int | None  # loads of the first refresh, when nothing was cached
    doubts: list[Doubt] = field(default_factory=list)

    @property
    def aborted(self) -> bool:
        """Whether the figures are of what was seen before it failed."""
        return any(doubt.kind == "aborted" for doubt in self.doubts)


@dataclass(frozen=True, slots=True)
class ModeRun:
    """What one protection's run left behind."""

    mode: str
    predicted: float | None  # loads per refresh, said before the load began
    polls: Sequence[Poll]
    samples: Samples  # with unix times
    doubts: list[Doubt]


def predict_loads(plan: StampedePlan, mode: str, fill_seconds: float) -> float:
    """Predict loads per refresh over all processes (F2, F10, F11, F14).

    Args:
        plan: The bench's load.
        mode: The protection.
        fill_seconds: D, from a probe before the load.
    """
    if mode == "none":
        return stampede.open_loop_loads(plan.rate, fill_seconds)
    if mode == "early":
        return stampede.early(plan.rate, plan.ttl_seconds, fill_seconds, 1.0).loads_per_refresh
    if mode == "single-flight":
        # Each further process joins if it is asked while the first one loads.
        joins = -np.expm1(-plan.rate / plan.processes * fill_seconds)
        return float(1.0 + (plan.processes - 1) * joins)
    return 1.0


def mode_figures(plan: StampedePlan, run: ModeRun) -> ModeFigures:
    """Work one protection's figures out."""
    quiet = plan.ttl_seconds * QUIET_SHARE
    found = find_refreshes(run.polls, plan.store_delay_seconds, quiet)
    cold, warm = found[:1], found[1 : plan.wanted(run.mode) + 1]
    loads = [refresh.loads for refresh in warm]
    interval = mean_interval(loads)
    span = _measured(run.samples, cold, warm)
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
        doubts=run.doubts,
    )


def as_json(figures: Sequence[ModeFigures]) -> dict[str, Any]:
    """Return what `stampede --json` prints."""
    return {"modes": [_mode(mode) for mode in figures]}


def _mode(figures: ModeFigures) -> Mapping[str, Any]:
    return {
        "protection": figures.protection,
        "refreshes": figures.refreshes,
        "loads_per_refresh": figures.loads_per_refresh,
        "low": figures.low,
        "high": figures.high,
        "predicted": figures.predicted,
        "p99_between_ms": _milliseconds(figures.p99_between_seconds),
        "p99_at_expiry_ms": _milliseconds(figures.p99_at_expiry_seconds),
        "waited": figures.waited,
    }


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)


def _measured(samples: Samples, cold: list[Refresh], warm: list[Refresh]) -> Samples:
    """Keep what was meant to start after the cold load and before the last refresh's end."""
    if not warm:
        return samples[:0]
    intended = samples["intended"]
    return samples[(intended > cold[0].ends + 0.1) & (intended < warm[-1].ends)]


def _waited(samples: Samples) -> int:
    words = [RESULT_INDEX[word] for word in ("miss", "coalesced", "bypass")]
    return int(np.isin(samples["result"], words).sum())
