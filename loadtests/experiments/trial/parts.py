"""What a trial is made with: the service, Redis, the load, the clock, and who watches."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from loadtests.experiments.plan.plan import KnobValue, Load
from loadtests.experiments.plan.trial_order import Trial
from loadtests.experiments.records.records import Samples, TrialRecord
from loadtests.experiments.trial.locust_process import Summary
from loadtests.prediction.after_cold_start import Prediction
from loadtests.prediction.measuring_window import Window
from loadtests.service_under_test.counters import RedisCounters, ServiceCounters


class Clock(Protocol):
    """Wall-clock time, as the load generator's, and sleep."""

    def time(self) -> float:
        """Return unix seconds."""

    def sleep(self, seconds: float, /) -> None:
        """Wait."""


class Service(Protocol):
    """What a trial needs of the service under test."""

    def set_knobs(self, knobs: dict[str, KnobValue], /) -> object:
        """Set run-time knobs in every process."""

    def knobs(self) -> dict[str, Any]:
        """Return the knobs in force."""

    def clear_cache(self) -> None:
        """Delete the service's own keys."""

    def counters(self) -> ServiceCounters:
        """Read exact counters."""

    def probe_fill_seconds(self, ids: Sequence[int], count: int, /) -> float | None:
        """Time loads of ids that are not cached."""


class Redis(Protocol):
    """What a trial needs of Redis."""

    def counters(self) -> RedisCounters:
        """Read Redis' own statistics."""


class Run(Protocol):
    """One running load."""

    def started_at(self) -> float:
        """Wait for the first arrival; return its intended time in unix seconds."""

    def ended(self) -> bool:
        """Tell whether it has ended."""

    def stop(self) -> Summary:
        """End it in good order."""

    def finish(self, timeout_seconds: float, /) -> Summary:
        """Wait for its own end."""

    def kill(self) -> None:
        """End it at once."""


class LoadGenerator(Protocol):
    """What starts a load."""

    def start(self, load: Load, seed: int, record: Path, /) -> Run:
        """Start one that records into a folder."""


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """What to do in one trial."""

    trial: Trial
    knobs: dict[str, KnobValue]  # with ttl_seconds
    window: Window | None  # None measures a trace from its first request to its last
    expected_seconds: float  # of load
    # From the measured fill time and the knobs in force.
    predict: Callable[[float | None, Mapping[str, KnobValue]], Prediction]
    probe_ids: list[int]


class Progress(Protocol):
    """Who watches a run."""

    def phase(self, trial: Trial, name: str, /) -> None:
        """A trial enters a phase: prepare, warm-up, measure, collect."""

    def loaded(self, trial: Trial, seconds: float, /) -> None:
        """So many seconds of the trial's load have passed."""

    def finished(self, record: TrialRecord, /) -> None:
        """A trial has been saved."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The things a trial is made with."""

    service: Service
    redis: Redis | None
    load: LoadGenerator
    read_samples: Callable[[Path], Samples]
    save: Callable[[TrialRecord, Samples], None]
    progress: Progress
    scratch: Path  # where the load generator records
    clock: Clock = time
