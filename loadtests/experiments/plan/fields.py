"""The values of a plan: name, default, check and remedy of each."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from loadtests.workload.flags import LOAD_FLAGS, Flag, FlagError
from loadtests.workload.knob_flags import KNOB_FLAGS, UNCHANGED

Values = dict[str, Any]

SHORTEST_TTL_SECONDS = 0.001  # the service keeps whole milliseconds
LONGEST_TTL_SECONDS = next(flag.high for flag in KNOB_FLAGS if flag.key == "ttl_seconds")
DRAWN = (
    *("items", "skew", "popularity", "hot_traffic_ratio", "hot_items_ratio", "slide_per_second"),
    *("missing_ratio", "missing_items", "one_hit_ratio", "one_hit_items"),
)
"""Load flags that say which ids are drawn; a trace has its own."""

LOAD_FIELDS = (
    *("rate", "arrivals", "seed", *DRAWN),
    *("trace", "requests", "max_in_flight", "max_wait_seconds"),
)


class PlanError(Exception):
    """A plan cannot be carried out; one line for the user."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value and where it was given, such as "--rate" or "demo.toml, rate"."""

    value: object
    place: str


class _RefusedError(ValueError):
    """What a value must be."""


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a plan."""

    default: Any
    read: Callable[[object], Any]
    example: str
    help: str


def number(low: float, high: float, *, above: bool = False) -> Callable[[object], float]:
    """Make a check for a number from `low` to `high`, or above `low`."""

    def read(value: object) -> float:
        found = _float(value)
        too_low = found <= low if above else found < low
        if too_low or found > high or math.isnan(found):
            raise _RefusedError(f"must be {'> ' if above else '>= '}{low:g} and <= {high:g}")
        return found

    return read


def whole(low: int, high: int) -> Callable[[object], int]:
    """Make a check for a whole number from `low` to `high`."""

    def read(value: object) -> int:
        found = _float(value)
        if not low <= found <= high or found != int(found):
            raise _RefusedError(f"must be a whole number from {low} to {high}")
        return int(found)

    return read


def _float(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _RefusedError("must be a number")
    try:
        return float(value)
    except (ValueError, OverflowError):
        raise _RefusedError("must be a number") from None


def _ttls(value: object) -> tuple[float, ...]:
    words: Iterable[object] = (
        value.split(",")
        if isinstance(value, str)
        else value
        if isinstance(value, list)
        else [value]
    )
    ttls = tuple(map(_ttl, words))
    if not ttls:
        raise _RefusedError("must hold at least one TTL")
    if len(set(ttls)) != len(ttls):
        raise _RefusedError("must name each TTL once; repetitions says how often")
    return ttls


def _ttl(value: object) -> float:
    found = number(0, LONGEST_TTL_SECONDS)(value)
    if 0 < found < SHORTEST_TTL_SECONDS:
        raise _RefusedError(f"must be 0, which is cache off, or >= {SHORTEST_TTL_SECONDS:g}")
    return round(found, 3)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _RefusedError("must be a text")
    return value


def _flag(flag: Flag) -> Field:
    """Read a load flag as the load generator does."""

    def read(value: object) -> Any:  # noqa: ANN401 - each flag has its own type
        if isinstance(value, bool):
            raise _RefusedError("must not be true or false")
        return flag.parse(str(value))

    return Field(flag.default, read, f"{flag.default or 'leave it out'}", flag.help)


def _to_set(knob: Flag) -> Flag:
    """Leave out what leaves a knob as it is: a plan does that by not naming it."""
    words = tuple(word for word in knob.choices if word != UNCHANGED)
    return replace(knob, choices=words, default=words[0] if words else knob.default, optional=False)


FIELDS: dict[str, Field] = {
    "title": Field("TTL sweep", _text, '"Four TTLs"', "What the report is headed with."),
    "ttl_seconds": Field(
        (1.0, 5.0, 30.0),
        _ttls,
        "0.5,1,5",
        "TTLs in seconds, with commas between; 0 switches the cache off.",
    ),
    "repetitions": Field(
        1, whole(1, 100), "3", "How often each TTL is measured, each time with another seed."
    ),
    "wanted_hit_ratio": Field(
        0.9, number(0, 1), "0.9", "The summary names the smallest TTL that reaches it."
    ),
    "window_ttls": Field(
        None,
        whole(3, 10_000),
        "10",
        "Length of the window in TTLs, not the rule's; TTL 0 has none.",
    ),
    **{flag.key: _flag(flag) for flag in LOAD_FLAGS if flag.key in LOAD_FIELDS},
}

KNOBS: dict[str, Field] = {
    flag.key: _flag(_to_set(flag)) for flag in KNOB_FLAGS if flag.key != "ttl_seconds"
}


def command_flag(name: str) -> str:
    """Return what a field or knob is called on the command line."""
    return "--ttl" if name == "ttl_seconds" else f"--{name.replace('_', '-')}"


def checked(given: Mapping[str, Given]) -> Values:
    """Return every field's value, its default where none was given."""
    for name, value in given.items():
        if name not in FIELDS:
            raise PlanError(_unknown(name, value, [*FIELDS, "knobs"]))
    return {
        name: _checked(name, given[name], field) if name in given else field.default
        for name, field in FIELDS.items()
    }


def checked_knobs(given: Mapping[str, Given]) -> dict[str, float | str]:
    """Return the knobs that were given; the others are left as the service has them."""
    for name, value in given.items():
        if name == "ttl_seconds":
            raise PlanError(
                f"{value.place}: the TTL is what a sweep varies; give it as ttl_seconds"
            )
        if name not in KNOBS:
            raise PlanError(_unknown(name, value, list(KNOBS)))
    return {name: _checked(name, value, KNOBS[name]) for name, value in given.items()}


def _checked(name: str, given: Given, field: Field) -> Any:  # noqa: ANN401 - each field has its own type
    return read_value(field.read, name, given, f"; such as {field.example}")


def read_value(read: Callable[[object], Any], name: str, given: Given, remedy: str = "") -> Any:  # noqa: ANN401 - each field has its own type
    """Check one value.

    Raises:
        PlanError: It is refused; the line names value, place and remedy.
    """
    try:
        return read(given.value)
    except FlagError as refused:
        raise PlanError(f"{given.place}: {refused}") from None
    except _RefusedError as refused:
        raise PlanError(f"{given.place}: {name} {refused}, got {given.value!r}{remedy}") from None


def _unknown(name: str, given: Given, known: list[str]) -> str:
    return f"{given.place}: unknown name {name!r}; known are {', '.join(known)}"
