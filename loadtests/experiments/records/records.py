"""What a trial leaves on disk: everything that table and report are made from."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from loadtests.experiments.plan.trial_order import Trial
from loadtests.prediction.after_cold_start import Prediction
from loadtests.prediction.measuring_window import Window
from loadtests.sender.samples import SAMPLE_DTYPE
from loadtests.service_under_test.counters import RedisCounters, ServiceCounters

FORMAT = 1
RUN_FILE = "run.json"

Samples = NDArray[np.void]
_T = TypeVar("_T")


class RecordError(Exception):
    """A folder or file is no record of a run; one line for the user."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The service's counters at one moment."""

    at: float  # unix seconds, the middle of the reading
    counters: ServiceCounters


@dataclass(frozen=True, slots=True)
class Drained:
    """All counters at a moment when nothing is in flight."""

    service: ServiceCounters
    redis: RedisCounters | None  # None when Redis cannot be asked


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """One trial as it was measured. Times are unix seconds unless named otherwise."""

    trial: Trial
    knobs: Mapping[str, Any]  # all knobs in force
    window: Window | None  # None for a trace, which is measured whole
    prediction: Prediction | None  # None when the trial was aborted before it
    predicted_at: float | None
    started_at: float | None  # intended time zero of the load; None if it never began
    readings: list[Reading]  # at the edges of the window's batches; of a trace its two ends
    before: Drained | None
    after: Drained | None
    load: Mapping[str, Any] | None  # the load generator's summary; None when aborted
    aborted: str | None  # why; None for a trial that ended in good order


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What is true of all trials of a run."""

    format: int
    title: str
    started_at: float  # unix seconds
    plan: Mapping[str, Any]
    stack: list[str]  # what was taken, a sentence each
    store_name: str
    store_delay_seconds: float
    machine: str
    wanted_hit_ratio: float


def save_run(folder: Path, run: RunRecord) -> None:
    """Write what is true of all trials; makes the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / RUN_FILE, dataclasses.asdict(run))


def save_trial(folder: Path, record: TrialRecord, samples: Samples) -> None:
    """Write one trial, its samples beside it; replaces a file as a whole or not at all."""
    stem = f"trial-{record.trial.number:02d}"
    offsets = samples["intended"] - (record.started_at or 0.0)
    with (folder / f"{stem}.npz").open("wb") as file:
        np.savez_compressed(
            file,
            offset=offsets.astype(np.float32),
            response=samples["response"],
            service=samples["service"],
            result=samples["result"],
        )
    _write(folder / f"{stem}.json", dataclasses.asdict(record))


def load_run(folder: Path) -> RunRecord:
    """Read what is true of all trials of a run.

    Raises:
        RecordError: The folder holds no run, or one of another format.
    """
    return _read(folder / RUN_FILE, _run)


def load_trials(folder: Path) -> list[TrialRecord]:
    """Read every trial of a run, in the order of running.

    Raises:
        RecordError: One is no record.
    """
    trials = [_read(path, _trial) for path in folder.glob("trial-*.json")]
    return sorted(trials, key=lambda record: record.trial.number)


def load_samples(folder: Path, record: TrialRecord) -> Samples:
    """Read a trial's samples; `intended` is in seconds after the load's time zero.

    Raises:
        RecordError: They are not there, or are none.
    """
    path = folder / f"trial-{record.trial.number:02d}.npz"
    try:
        return _samples(path)
    except OSError as error:
        raise RecordError(f"{path}: samples cannot be read: {error.strerror}") from None
    except (BadZipFile, EOFError, KeyError, ValueError) as error:
        raise RecordError(f"{path}: not samples: {error}") from None


def _samples(path: Path) -> Samples:
    with path.open("rb") as file, np.load(file) as stored:
        samples = np.empty(len(stored["offset"]), dtype=SAMPLE_DTYPE)
        samples["intended"] = stored["offset"]
        for name in ("response", "service", "result"):
            samples[name] = stored[name]
    return samples


def _run(values: dict[str, Any]) -> RunRecord:
    if values.get("format") != FORMAT:
        raise ValueError(f"it is of format {values.get('format')}, this program reads {FORMAT}")
    return RunRecord(**values)


def _trial(values: dict[str, Any]) -> TrialRecord:
    return TrialRecord(
        trial=Trial(**values["trial"]),
        knobs=values["knobs"],
        window=_optional(Window, values["window"]),
        prediction=_optional(Prediction, values["prediction"]),
        predicted_at=values["predicted_at"],
        started_at=values["started_at"],
        readings=[
            Reading(reading["at"], ServiceCounters(**reading["counters"]))
            for reading in values["readings"]
        ],
        before=_drained(values["before"]),
        after=_drained(values["after"]),
        load=values["load"],
        aborted=values["aborted"],
    )


def _optional(kind: type[_T], values: dict[str, Any] | None) -> _T | None:
    return None if values is None else kind(**values)


def _drained(values: dict[str, Any] | None) -> Drained | None:
    if values is None:
        return None
    return Drained(ServiceCounters(**values["service"]), _optional(RedisCounters, values["redis"]))


def _write(path: Path, values: Mapping[str, Any]) -> None:
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(values, indent=1, default=str) + "\n", encoding="utf-8")
    unfinished.replace(path)


def _read(path: Path, make: Callable[[dict[str, Any]], _T]) -> _T:
    """Make of a file what it holds."""
    try:
        return make(_object(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        raise RecordError(f"{path.parent} holds no {path.name}; name the folder of a run") from None
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}") from None
    except KeyError as error:
        raise RecordError(f"{path}: not a record: {error} is missing") from None
    except (TypeError, ValueError) as error:
        raise RecordError(f"{path}: not a record: {error}") from None


def _object(text: str) -> dict[str, Any]:
    values = json.loads(text)
    if not isinstance(values, dict):
        raise TypeError(f"a {type(values).__name__} instead of an object")
    return values
