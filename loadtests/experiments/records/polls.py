"""Saves and reads how the number of loads grew during a trial of the stampede bench."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loadtests.experiments.records.record_file import read_record
from loadtests.output.json_file import write_json


@dataclass(frozen=True, slots=True)
class Poll:
    """One reading of the number of loads that have ended, summed over processes.

    Attributes:
        at: Unix seconds when the reading began.
        until: Unix seconds when it was complete.
        loads: Loads that have ended.
    """

    at: float
    until: float
    loads: int


@dataclass(frozen=True, slots=True)
class ModePolls:
    """The readings of one protection's trial.

    Attributes:
        mode: The protection.
        predicted: Loads per refresh, predicted before the traffic began; None if unknown.
        polls: Readings in order of time.
    """

    mode: str
    predicted: float | None
    polls: Sequence[Poll]


def save_polls(folder: Path, number: int, polls: ModePolls) -> None:
    """Write the readings of the trial of that number."""
    write_json(_file(folder, number), asdict(polls))


def load_polls(folder: Path, number: int) -> ModePolls:
    """Read the readings of the trial of that number.

    Raises:
        RecordError: The file is missing, or does not hold readings.
    """
    return read_record(_file(folder, number), _mode_polls)


def _file(folder: Path, number: int) -> Path:
    return folder / f"polls-{number:02d}.json"


def _mode_polls(values: dict[str, Any]) -> ModePolls:
    polls = [Poll(**poll) for poll in values["polls"]]
    return ModePolls(values["mode"], values["predicted"], polls)
