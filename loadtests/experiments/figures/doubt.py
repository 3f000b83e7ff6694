"""What a doubt is, and what it is judged by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from loadtests.experiments.records.records import TrialRecord

Scope = Literal["trial", "latency", "note"]


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason not to trust a trial.

    Attributes:
        kind: A word for programs.
        text: What was found.
        advice: What to do about it.
        scope: "trial" rules out every conclusion from the trial, "latency" those from its
            latencies; "note" rules out none, because the affected figures are left out already,
            or move less than the figures show.
    """

    kind: str
    text: str
    advice: str
    scope: Scope = "trial"


@dataclass(frozen=True, slots=True)
class Case:
    """A trial as the checks see it.

    Attributes:
        record: The trial.
        lookups: By result, within the window.
        seconds: Measured length of the window; None if it never closed.
        load: The load generator's summary; empty if unknown.
    """

    record: TrialRecord
    lookups: Mapping[str, int]
    seconds: float | None
    load: Mapping[str, Any]
