"""Saves and reads when a drill broke what, and what the service had counted by then."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import NoneType
from typing import Any

from loadtests.experiments.records.kinds import require_kinds
from loadtests.experiments.records.record_file import read_record
from loadtests.output.json_file import write_json

_LONGEST_SECONDS = 86_400.0
_NUMBER = (int, float)
_POLL_KINDS: Mapping[str, tuple[type, ...]] = {"at": _NUMBER, "store_reads": (int,)}
_DRILL_KINDS: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("name", "about"), (str,)),
    **dict.fromkeys(
        ("opened_at", "struck_at", "healed_at", "well_at", "ended_at"), (*_NUMBER, NoneType)
    ),
}


@dataclass(frozen=True, slots=True)
class DrillPoll:
    """The service's counters at one moment, summed over its processes.

    Attributes:
        at: Unix seconds, the middle of the reading.
        store_reads: Loads that have ended.
        lookups: By result.
    """

    at: float
    store_reads: int
    lookups: Mapping[str, int]


@dataclass(slots=True)
class DrillRecord:
    """One drill as it was run, filled in while it runs.

    Attributes:
        name: Of the fault.
        about: What happened, for people.
        opened_at: When the phase before the fault began, in unix seconds; None if it never did.
        struck_at: When the fault began.
        healed_at: When it ended: a server that was killed answers again.
        well_at: When every process was ready, hit, filled and invalidated again; None if it was
            not until the end.
        ended_at: When the phase after the fault ended.
        polls: Readings in order of time.
    """

    name: str
    about: str
    opened_at: float | None = None
    struck_at: float | None = None
    healed_at: float | None = None
    well_at: float | None = None
    ended_at: float | None = None
    polls: list[DrillPoll] = field(default_factory=list)


def save_drill(folder: Path, number: int, record: DrillRecord) -> None:
    """Write the drill of that number."""
    write_json(_file(folder, number), asdict(record))


def load_drill(folder: Path, number: int) -> DrillRecord:
    """Read the drill of that number.

    Raises:
        RecordError: The file is missing, or does not hold a drill.
    """
    return read_record(_file(folder, number), _drill)


def _file(folder: Path, number: int) -> Path:
    return folder / f"drill-{number:02d}.json"


def _drill(values: dict[str, Any]) -> DrillRecord:
    polls = [DrillPoll(**poll) for poll in values["polls"]]
    for poll in polls:
        require_kinds(poll, _POLL_KINDS)
    record = DrillRecord(**{**values, "polls": polls})
    require_kinds(record, _DRILL_KINDS)
    steps = (record.opened_at, record.struck_at, record.healed_at, record.ended_at)
    known = [at for at in steps if at is not None]
    if known != sorted(known) or (known and not known[-1] - known[0] <= _LONGEST_SECONDS):
        raise ValueError("its times are not in order")
    return record
