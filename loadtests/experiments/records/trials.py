"""Reads the trials of a run, whatever became of single files."""

from dataclasses import dataclass
from pathlib import Path
from types import NoneType

from loadtests.experiments.records.records import RecordError, TrialRecord, load_trial

_KINDS: dict[str, tuple[type, ...]] = {
    "knobs": (dict,),
    "load": (dict, NoneType),
    "started_at": (float, int, NoneType),
}
"""The kinds of fields that JSON does not give away as wrong when it is read."""


@dataclass(frozen=True, slots=True)
class Trials:
    """The trials of a run.

    Attributes:
        records: In the order of running.
        damaged: A line for each file that cannot be read; its trial is not among the records.
    """

    records: list[TrialRecord]
    damaged: list[str]


def load_trials(folder: Path) -> Trials:
    """Read every trial of a run that can be read."""
    records, damaged = [], []
    for path in sorted(folder.glob("trial-*.json")):
        try:
            records.append(_checked(path, load_trial(path)))
        except RecordError as error:
            damaged.append(str(error))
    return Trials(sorted(records, key=lambda record: record.trial.number), damaged)


def _checked(path: Path, record: TrialRecord) -> TrialRecord:
    """Return the record.

    Raises:
        RecordError: One of the fields that figures are made from is of another kind.
    """
    for name, kinds in _KINDS.items():
        value = getattr(record, name)
        if not isinstance(value, kinds):
            raise RecordError(f"{path}: not a record: {name} is a {type(value).__name__}")
    return record
