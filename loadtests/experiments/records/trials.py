"""Reads the trials of a run, whatever became of single files."""

from dataclasses import dataclass
from pathlib import Path

from loadtests.experiments.records.records import RecordError, TrialRecord, load_trial


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
            records.append(load_trial(path))
        except RecordError as error:
            damaged.append(str(error))
    return Trials(sorted(records, key=lambda record: record.trial.number), damaged)
