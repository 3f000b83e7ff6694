"""What a trial is made of: its plan, and the bench that all trials share."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from loadtests.experiments.plan.load import Load
from loadtests.experiments.plan.trial_order import Trial
from loadtests.experiments.records.counting import REDIS, SERVICE
from loadtests.experiments.records.records import TrialRecord
from loadtests.experiments.records.samples_file import Samples
from loadtests.experiments.trial.locust_process import LocustLoad
from loadtests.prediction.after_cold_start import Prediction
from loadtests.prediction.measuring_window import Window
from loadtests.replay.trial_replay import TrialReplay
from loadtests.service_under_test.client import ServiceClient
from loadtests.service_under_test.contract import Knob
from loadtests.service_under_test.memory_limit import MemoryLimit
from loadtests.service_under_test.redis_statistics import RedisStatistics
from loadtests.target.target_control import TargetControl


class Clock(Protocol):
    """The wall clock, which the load generator uses too."""

    def time(self) -> float:
        """Return unix seconds."""

    def monotonic(self) -> float:
        """Return seconds of a clock that nobody sets."""

    def sleep(self, seconds: float, /) -> None:
        """Sleep."""


def seconds_since(clock: Clock, moment: float) -> Callable[[], float]:
    """Return what says how long ago a moment was, although the wall clock be set meanwhile.

    Args:
        clock: Is not set between the moment and now.
        moment: In unix seconds.
    """
    began = clock.monotonic() - (clock.time() - moment)
    return lambda: clock.monotonic() - began


@dataclass(frozen=True, slots=True)
class Probed:
    """What is read of the service before a trial.

    Attributes:
        knobs: All knobs in force.
        fill_seconds: Measured fill time; None if unknown.
        processes: Service processes that answer.
        limit: The limit of Redis' memory; None if it has none or cannot be read.
    """

    knobs: Mapping[str, Knob]
    fill_seconds: float | None
    processes: int = 1
    limit: MemoryLimit | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """How many entries Redis is to hold.

    Attributes:
        entries: How many fit; 0 lifts the limit.
        policy: maxmemory-policy.
    """

    entries: int
    policy: str


@dataclass(frozen=True, slots=True)
class TrialPlan:
    """What to do in one trial.

    Attributes:
        trial: The trial.
        knobs: Knobs to set, ttl_seconds among them.
        window: When to measure if fills were instant; None measures from the first request to the
            last.
        expected_seconds: Duration of the traffic.
        predict: Makes the prediction from what was read of the service, and from the window.
        probe_ids: Ids whose loads are timed before the trial.
        replay: Replays the trial from what was read of the service, up to the given second; None
            for one that is not judged by its replay.
        load: Its own traffic; None takes that of all trials.
        memory: How Redis' memory is limited; None leaves it alone.
        lookups_per_second: Returns how many lookups are asked for in the window, or in the whole
            trial without one, on average; None takes the target rate.
        arguments: Flags of the load generator for this trial alone.
        new_keys: Whether its keys were never asked for before; only of a target.
    """

    trial: Trial
    knobs: dict[str, Knob]
    window: Window | None
    expected_seconds: float
    predict: Callable[[Probed, Window | None], Prediction]
    probe_ids: list[int]
    replay: Callable[[Probed, float], TrialReplay] | None = None
    load: Load | None = None
    memory: Room | None = None
    lookups_per_second: Callable[[Window | None], float] | None = None
    arguments: tuple[str, ...] = ()
    new_keys: bool = False


class Progress(Protocol):
    """Shows how far a run is."""

    def phase(self, trial: Trial, name: str, /) -> None:
        """Show that a trial enters a phase: prepare, warm-up, measure, collect."""

    def loaded(self, trial: Trial, seconds: float, /) -> None:
        """Show how many seconds of the trial's traffic have passed."""

    def finished(self, record: TrialRecord, /) -> None:
        """Show that a trial has been saved."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The parts that trials share.

    Attributes:
        service: The service under test.
        redis: Its Redis; None if it cannot be read.
        load: Starts load generators.
        read_samples: Reads the samples that a load generator recorded into a folder.
        save: Saves a trial's record and samples.
        progress: Shows how far the run is.
        scratch: Folder for the load generator's own records.
        clock: The wall clock.
        counted_by: Who counts the lookups.
        told_by: Who counts those of a target whose answers do not tell.
    """

    service: ServiceClient | TargetControl
    redis: RedisStatistics | None
    load: LocustLoad
    read_samples: Callable[[Path], Samples]
    save: Callable[[TrialRecord, Samples], None]
    progress: Progress
    scratch: Path
    clock: Clock = time
    counted_by: str = SERVICE
    told_by: str = REDIS
