"""Saves and reads the records of a run, from which its table and report are made."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from loadtests.experiments.plan.trial_order import Trial
from loadtests.experiments.records.counting import SERVICE
from loadtests.experiments.records.kinds import TRIAL_KINDS, require_hinted, require_kinds
from loadtests.experiments.records.record_file import RecordError, read_record, require_file
from loadtests.experiments.records.samples_file import (
    NOT_SAMPLES,
    Samples,
    open_samples_file,
    save_samples,
)
from loadtests.output.json_file import write_json
from loadtests.prediction.after_cold_start import Prediction
from loadtests.prediction.measuring_window import Window
from loadtests.replay.trial_replay import ReplayRecord
from loadtests.service_under_test.conditions import Conditions
from loadtests.service_under_test.counters import RedisCounters, ServiceCounters

FORMAT = 1
RUN_FILE = "run.json"
PROCESSOR = "processor"
"""Stands among the versions of a run: the model of the machine's processor."""

SWEEP, STAMPEDE, DRILL, CAPACITY = "sweep", "stampede", "drill", "capacity"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Reading:
    """The service's counters at one moment.

    Attributes:
        at: Unix seconds, the middle of the reading.
        counters: Their values.
    """

    at: float
    counters: ServiceCounters


@dataclass(frozen=True, slots=True)
class Drained:
    """All counters at a moment when no request is in flight.

    Attributes:
        service: The service's counters.
        redis: Redis' own counters; None if they cannot be read.
    """

    service: ServiceCounters
    redis: RedisCounters | None


@dataclass(slots=True)
class TrialRecord:
    """One trial as it was measured, filled in while it runs.

    Attributes:
        trial: The trial.
        knobs: All knobs in force.
        window: The measured window; None for a trial that is measured whole.
        prediction: None if the trial was aborted before it was made.
        predicted_at: When the prediction was made, in unix seconds.
        started_at: Intended time of the first arrival in unix seconds; None if there was none.
        readings: Taken at the edges of the window's batches, or at both ends of the traffic.
        before, after: Counters before and after the traffic.
        load: The load generator's summary; None if the trial was aborted.
        aborted: Why the trial was aborted; None if it was not.
        conditions: Read before the traffic, with each reading of a window, and after the traffic.
        replay: What its very arrivals should have found; None for one that was not replayed.
        lookups_per_second: How many lookups were asked for in the window, on average; None takes
            the rate of the load generator.
        counted_by: A word of `counting`.
        new_keys: Whether its keys were never asked for before; None where the cache was emptied.
        older_until: Until when entries of earlier trials may live, in unix seconds.
    """

    trial: Trial
    knobs: Mapping[str, Any]
    window: Window | None
    prediction: Prediction | None
    predicted_at: float | None
    started_at: float | None
    readings: list[Reading]
    before: Drained | None
    after: Drained | None
    load: Mapping[str, Any] | None
    aborted: str | None
    conditions: list[Conditions] = dataclasses.field(default_factory=list)
    replay: ReplayRecord | None = None
    lookups_per_second: float | None = None
    counted_by: str = SERVICE
    new_keys: bool | None = None
    older_until: float | None = None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What all trials of a run have in common.

    Attributes:
        format: Version of the records.
        title: Heading of the report.
        started_at: Unix seconds.
        plan: The values of the plan, by name.
        stack: The servers used, one sentence each.
        store_name: The database, as shown to people.
        store_delay_seconds: Added to every query of the store.
        machine: The system it ran on.
        wanted_hit_ratio: The summary names the smallest TTL that reaches it; None if there is none.
        kind: SWEEP, STAMPEDE, DRILL or CAPACITY.
        versions: The commit and what the run was made with, by name; None where unknown. Empty for
            a run that did not record them.
        resumed_at: Unix seconds of each time that it was resumed after an end before its time.
        target: The service of one's own that was measured, in words; "" for ours.
    """

    format: int
    title: str
    started_at: float
    plan: Mapping[str, Any]
    stack: list[str]
    store_name: str
    store_delay_seconds: float
    machine: str
    wanted_hit_ratio: float | None
    kind: str = SWEEP
    versions: Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    resumed_at: Sequence[float] = dataclasses.field(default_factory=list)
    target: str = ""


def save_run(folder: Path, run: RunRecord) -> None:
    """Write what all trials have in common; make the folder if needed."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / RUN_FILE, dataclasses.asdict(run))


def save_trial(folder: Path, record: TrialRecord, samples: Samples) -> None:
    """Write one trial and its samples; the record appears last, whole or not at all."""
    stem = f"trial-{record.trial.number:02d}"
    save_samples(folder / f"{stem}.npz", samples, record.started_at or 0.0)
    write_json(folder / f"{stem}.json", dataclasses.asdict(record))


def load_run(folder: Path) -> RunRecord:
    """Read what all trials of a run have in common.

    Raises:
        RecordError: The folder holds no run, or one of another format.
    """
    return read_record(folder / RUN_FILE, _run)


def load_trial(path: Path) -> TrialRecord:
    """Read one trial.

    Raises:
        RecordError: The file is not a trial's record.
    """
    return read_record(path, _trial)


def load_samples(folder: Path, record: TrialRecord) -> Samples:
    """Read a trial's samples; `intended` is in seconds after the first arrival.

    Raises:
        RecordError: The file is missing, or does not hold samples.
    """
    path = folder / f"trial-{record.trial.number:02d}.npz"
    try:
        require_file(path)
        return open_samples_file(path)
    except OSError as error:
        raise RecordError(f"{path}: samples cannot be read: {error.strerror}") from None
    except NOT_SAMPLES as error:
        raise RecordError(f"{path}: not samples: {error}") from None


def _run(values: dict[str, Any]) -> RunRecord:
    if values.get("format") != FORMAT:
        raise ValueError(f"it has format {values.get('format')}, this program reads {FORMAT}")
    require_hinted(values, RunRecord)
    return RunRecord(**values)


def _trial(values: dict[str, Any]) -> TrialRecord:
    require_hinted(values["trial"], Trial, "trial.")
    made = {
        "trial": Trial(**values["trial"]),
        "window": _optional(Window, values["window"]),
        "prediction": _optional(Prediction.from_json, values["prediction"]),
        "readings": [
            Reading(reading["at"], ServiceCounters(**reading["counters"]))
            for reading in values["readings"]
        ],
        "before": _drained(values["before"]),
        "after": _drained(values["after"]),
        "conditions": [Conditions.from_json(each) for each in values.get("conditions", [])],
        "replay": _optional(ReplayRecord, values.get("replay")),
    }
    record = TrialRecord(**{**values, **made})
    require_kinds(record, TRIAL_KINDS)
    return record


def _optional(kind: Callable[..., _T], values: dict[str, Any] | None) -> _T | None:
    return None if values is None else kind(**values)


def _drained(values: dict[str, Any] | None) -> Drained | None:
    if values is None:
        return None
    return Drained(ServiceCounters(**values["service"]), _optional(RedisCounters, values["redis"]))
