"""Saves and reads what each step of a search for capacity tried."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loadtests.experiments.records.kinds import require_kinds
from loadtests.experiments.records.record_file import read_record
from loadtests.output.json_file import write_json

_KINDS: Mapping[str, tuple[type, ...]] = {
    "goal": (str,),
    **dict.fromkeys(("rate", "ttl_seconds", "opens", "closes"), (int, float)),
}


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step.

    Attributes:
        number: From 1, in the order of running; that of its trial.
        goal: For what the capacity is searched, for people.
        hit_ratio: The wanted one; None with a fixed TTL.
        rate: Lookups per second, the target.
        ttl_seconds: The TTL.
        opens: When the measured time begins, in seconds after the first intended arrival.
        closes: When it ends.
    """

    number: int
    goal: str
    hit_ratio: float | None
    rate: float
    ttl_seconds: float
    opens: float
    closes: float


def save_step(folder: Path, record: StepRecord) -> None:
    """Write a step."""
    write_json(_file(folder, record.number), asdict(record))


def load_step(folder: Path, number: int) -> StepRecord:
    """Read the step of that number.

    Raises:
        RecordError: The file is missing, or does not hold a step.
    """
    return read_record(_file(folder, number), _step)


def _file(folder: Path, number: int) -> Path:
    return folder / f"step-{number:02d}.json"


def _step(values: dict[str, Any]) -> StepRecord:
    record = StepRecord(**values)
    require_kinds(record, _KINDS)
    if not (0 < record.rate < math.inf and record.opens < record.closes < math.inf):
        raise ValueError("its rate or its times are out of range")
    return record
