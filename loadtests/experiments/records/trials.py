"""Reads the trials of a run, whatever became of single files."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from loadtests.experiments.records.record_file import RecordError, refuse_damage
from loadtests.experiments.records.records import TrialRecord, load_trial

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Trials:
    """The trials of a run.

    Attributes:
        records: In the order of running.
        damaged: A line for each file that cannot be read; its trial is not among the records.
    """

    records: list[TrialRecord]
    damaged: list[str]

    def figures(
        self, folder: Path, work_out: Callable[[TrialRecord], _T]
    ) -> tuple[list[_T], list[str]]:
        """Return what *work_out* makes of each trial, and a line for each damaged file.

        Args:
            folder: The run's.
            work_out: Returns the figures of a trial; raises RecordError if it cannot.
        """
        found, damaged = [], list(self.damaged)
        for record in self.records:
            try:
                with refuse_damage(folder / f"trial-{record.trial.number:02d}.json"):
                    found.append(work_out(record))
            except RecordError as error:
                damaged.append(str(error))
        return found, damaged


def load_trials(folder: Path) -> Trials:
    """Read every trial of a run that can be read."""
    records, damaged = [], []
    for path in sorted(folder.glob("trial-*.json")):
        try:
            records.append(load_trial(path))
        except RecordError as error:
            damaged.append(str(error))
    return Trials(sorted(records, key=lambda record: record.trial.number), damaged)
