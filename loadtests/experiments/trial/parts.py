"""The parts that a trial needs: service, Redis, load generator, clock and progress."""

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
    """The wall clock, which the load generator uses too."""

    def time(self) -> float:
        """Return unix seconds."""

    def sleep(self, seconds: float, /) -> None:
        """Sleep."""


class Service(Protocol):
    """The service under test."""

    def set_knobs(self, knobs: dict[str, KnobValue], /) -> object:
        """Set run-time knobs in every process."""

    def knobs(self) -> dict[str, Any]:
        """Return the knobs in force."""

    def clear_cache(self) -> None:
        """Delete the service's own keys."""

    def counters(self) -> ServiceCounters:
        """Return the exact counters."""

    def probe_fill_seconds(self, ids: Sequence[int], count: int, /) -> float | None:
        """Return the median duration of loads of ids that are not cached."""


class Redis(Protocol):
    """The Redis of that service."""

    def counters(self) -> RedisCounters:
        """Return Redis' own statistics."""


class Run(Protocol):
    """One running load."""

    def started_at(self) -> float:
        """Wait for the first arrival; return its intended time in unix seconds."""

    def ended(self) -> bool:
        """Return whether it has ended."""

    def stop(self) -> Summary:
        """Stop it, drain it, and return its summary."""

    def finish(self, timeout_seconds: float, /) -> Summary:
        """Wait for it to end by itself, and return its summary."""

    def kill(self) -> None:
        """Kill it at once."""


class LoadGenerator(Protocol):
    """Starts loads."""

    def start(self, load: Load, seed: int, record: Path, /) -> Run:
        """Start a load that records into a folder."""


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """What to do in one trial.

    Attributes:
        trial: The trial.
        knobs: Knobs to set, ttl_seconds among them.
        window: When to measure; None measures from the first request to the last.
        expected_seconds: Duration of the load.
        predict: Makes the prediction from the measured fill time and the knobs in force.
        probe_ids: Ids whose loads are timed before the trial.
    """

    trial: Trial
    knobs: dict[str, KnobValue]
    window: Window | None
    expected_seconds: float
    predict: Callable[[float | None, Mapping[str, KnobValue]], Prediction]
    probe_ids: list[int]


class Progress(Protocol):
    """Shows how far a run is."""

    def phase(self, trial: Trial, name: str, /) -> None:
        """Show that a trial enters a phase: prepare, warm-up, measure, collect."""

    def loaded(self, trial: Trial, seconds: float, /) -> None:
        """Show how many seconds of the trial's load have passed."""

    def finished(self, record: TrialRecord, /) -> None:
        """Show that a trial has been saved."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The parts that trials share.

    Attributes:
        service: The service under test.
        redis: Its Redis; None if it cannot be read.
        load: Starts loads.
        read_samples: Reads the samples that a load recorded into a folder.
        save: Saves a trial's record and samples.
        progress: Shows how far the run is.
        scratch: Folder for the load generator's own records.
        clock: The wall clock.
    """

    service: Service
    redis: Redis | None
    load: LoadGenerator
    read_samples: Callable[[Path], Samples]
    save: Callable[[TrialRecord, Samples], None]
    progress: Progress
    scratch: Path
    clock: Clock = time
