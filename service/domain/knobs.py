"""The run-time knobs: their names, ranges and defaults, without what uses them."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any


class Protection(StrEnum):
    """How an expired hot key is kept from being loaded many times at once."""

    NONE = "none"
    SINGLE_FLIGHT = "single-flight"
    LEASE = "lease"
    EARLY = "early"
    STALE = "stale"


class Invalidation(StrEnum):
    """What a write does to the entry: delete it, or let its TTL expire it."""

    DELETE = "delete"
    NONE = "none"


class Fencing(StrEnum):
    """Whether a fill is refused when its fruit was written after the load began."""

    ON = "on"
    OFF = "off"


class KnobError(ValueError):
    """A knob is unknown, or its value is out of range.

    Attributes:
        field: Name of the knob, as the caller wrote it.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class NumberRange:
    """The range of a number knob, with a resolution of 0.001.

    Attributes:
        low: The least value.
        high: The greatest value.
        words: The range in words, for messages.
    """

    low: float
    high: float
    words: str

    def parse(self, name: str, value: object) -> float:
        """Check a number; only `Knobs.from_texts` also accepts numbers as text."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise KnobError(name, f"{name} must be {self.words}, got {quote(value)}")
        if not self.low <= value <= self.high:  # NaN is refused here too
            raise KnobError(name, f"{name} must be {self.words}, got {quote(value)}")
        rounded = round(float(value), 3)
        if value and not rounded:
            raise KnobError(name, f"{name} has a resolution of 0.001, got {quote(value)}")
        return rounded


NUMBERS: Mapping[str, NumberRange] = {
    "ttl_seconds": NumberRange(0, 31 * 86_400, "0 (cache off) to 2678400 seconds"),
    "ttl_jitter_ratio": NumberRange(0, 0.9, "0 to 0.9"),
    "negative_ttl_seconds": NumberRange(0, 3600, "0 to 3600 seconds"),
    "early_beta": NumberRange(0.1, 10, "0.1 to 10"),
    "stale_seconds": NumberRange(0.001, 3600, "above 0 and up to 3600 seconds"),
    "shadow_ratio": NumberRange(0, 1, "0 to 1"),
    "near_seconds": NumberRange(0, 60, "0 (no near tier) to 60 seconds"),
    "near_entries": NumberRange(1, 1_000_000, "1 to 1000000 entries"),
    "store_delay_seconds": NumberRange(0, 10, "0 to 10 seconds"),
}
CHOICES: Mapping[str, type[StrEnum]] = {
    "protection": Protection,
    "invalidation": Invalidation,
    "fencing": Fencing,
}


def no_near_tier(near_seconds: float) -> str:
    """Return why a near tier is refused in front of a cluster, where nobody reports changes."""
    return (
        f"near_seconds must be 0 on a Redis Cluster, which has no near tier, got {near_seconds:g}"
    )


_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)


def quote(value: object) -> str:
    """Return a refused value as a message shows it, at most 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _parse_choice(name: str, value: object) -> StrEnum:
    words = [str(choice) for choice in CHOICES[name]]
    if not isinstance(value, str) or value not in words:
        raise KnobError(name, f"{name} must be one of {', '.join(words)}, got {quote(value)}")
    return CHOICES[name](value)


@dataclass(frozen=True, slots=True)
class Knobs:
    """One consistent set of knobs; the README describes each."""

    ttl_seconds: float = 60.0
    ttl_jitter_ratio: float = 0.0
    negative_ttl_seconds: float = 5.0
    protection: Protection = Protection.SINGLE_FLIGHT
    early_beta: float = 1.0
    stale_seconds: float = 30.0
    invalidation: Invalidation = Invalidation.DELETE
    fencing: Fencing = Fencing.ON
    shadow_ratio: float = 0.0
    near_seconds: float = 0.0
    near_entries: float = 10_000.0
    store_delay_seconds: float = 0.0

    def with_changes(self, changes: Mapping[str, object]) -> "Knobs":
        """Return a copy with some knobs changed; one invalid change refuses them all.

        Raises:
            KnobError: A knob is unknown or its value is out of range.
        """
        parsed: dict[str, Any] = {}
        for name, value in changes.items():
            if name in NUMBERS:
                parsed[name] = NUMBERS[name].parse(name, value)
            elif name in CHOICES:
                parsed[name] = _parse_choice(name, value)
            else:
                known = ", ".join(field.name for field in fields(self))
                raise KnobError(name, f"unknown knob {quote(name)}; use one of {known}")
        return replace(self, **parsed)

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> "Knobs":
        """Parse knobs from the environment, where their names are in capitals.

        Raises:
            KnobError: A value is out of range; the field is the name in capitals.
        """
        knobs = cls()
        for field in fields(cls):
            text = texts.get(field.name.upper())
            if text is None:
                continue
            try:
                knobs = knobs.with_changes({field.name: _number_or_text(field.name, text)})
            except KnobError as error:
                name = field.name.upper()
                raise KnobError(name, str(error).replace(field.name, name, 1)) from None
        return knobs

    def as_json_object(self) -> dict[str, float | str]:
        """Return all knobs by name, as the control API shows them."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def _number_or_text(name: str, text: str) -> float | str:
    # Python's own numbers also have blanks, underscores and the digits of other scripts.
    return float(text) if name in NUMBERS and _NUMBER.fullmatch(text) else text


def _plain(value: object) -> float | str:
    if isinstance(value, StrEnum):
        return str(value)
    assert isinstance(value, float)  # noqa: S101 - for mypy: all other fields are floats
    return int(value) if value.is_integer() else value
