"""The values of a plan, with the default, the check and the help text of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from loadtests.experiments.plan.sweep_flags import SWEEP_FLAGS
from loadtests.workload.flags import LOAD_FLAGS, Flag, FlagError
from loadtests.workload.knob_flags import KNOB_FLAGS

Values = dict[str, Any]

SHORTEST_TTL_SECONDS = 0.001  # The service keeps whole milliseconds.
LONGEST_TTL_SECONDS = next(flag.high for flag in KNOB_FLAGS if flag.key == "ttl_seconds")
DRAWN = (
    *("items", "skew", "popularity", "hot_traffic_ratio", "hot_items_ratio", "slide_per_second"),
    *("missing_ratio", "missing_items", "one_hit_ratio", "one_hit_items"),
)
"""Load flags that choose how ids are drawn; they do not apply to a trace, which has its ids."""

SHAPED = ("shape", "shape_peak", "shape_period_seconds", "spike_seconds")
PUBLISHED = ("skew", "write_ratio")
"""Load flags that a preset sets."""

LATER_FIELDS = ("write_ratio", "hot_key", "preset", *SHAPED)
"""Load flags that records of earlier versions do not have."""

LOAD_FIELDS = (
    *("rate", "arrivals", "seed", *DRAWN),
    *("trace", "requests", "max_in_flight", "max_wait_seconds"),
    *LATER_FIELDS,
)
OF_ONE_VALUE = ("seed", "trace", "requests")
"""Load flags that no axis may have: they choose the traffic of the whole plan."""


class PlanError(Exception):
    """A plan cannot be carried out; one line for the user."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value and its source.

    Attributes:
        value: As it was given, unchecked.
        place: Where it was given, such as "--rate" or "demo.toml, rate".
    """

    value: object
    place: str


class _RefusedError(ValueError):
    """A value fails its check; the message says what it must be."""


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a plan.

    Attributes:
        default: Its value if none is given.
        read: Checks a value and returns it in its own type.
        example: A value that would do, for messages.
        help: One sentence for the help text.
        unit: What the number counts, or the words to choose from.
        several: Whether a plan may list several values, which makes an axis of them.
    """

    default: Any
    read: Callable[[object], Any]
    example: str
    help: str
    unit: str = ""
    several: bool = False


def _ttls(value: object) -> tuple[float, ...]:
    words: object = value.split(",") if isinstance(value, str) else value
    ttls = tuple(map(_ttl, words if isinstance(words, list) else [words]))
    if not ttls:
        raise _RefusedError("must hold at least one TTL")
    if len(set(ttls)) != len(ttls):
        raise _RefusedError("must name each TTL once; use repetitions to measure it again")
    return ttls


def _ttl(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _RefusedError("must be a number")
    try:
        found = float(value)
    except (ValueError, OverflowError):
        raise _RefusedError("must be a number") from None
    if not 0 <= found <= LONGEST_TTL_SECONDS:  # NaN is refused here too.
        raise _RefusedError(f"must be >= 0 and <= {LONGEST_TTL_SECONDS:g}")
    if 0 < found < SHORTEST_TTL_SECONDS:
        raise _RefusedError(f"must be 0, which is cache off, or >= {SHORTEST_TTL_SECONDS:g}")
    return round(found, 3)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _RefusedError("must be a text")
    return value


def flag_field(flag: Flag, *, several: bool = False) -> Field:
    """Return a field whose values are checked as the flag's are."""

    def read(value: object) -> Any:  # noqa: ANN401 - each flag has its own type
        if isinstance(value, bool):
            raise _RefusedError("must not be true or false")
        if isinstance(value, list):
            raise _RefusedError("must have one value")
        # A whole number may be written as 3.0 in TOML.
        whole = isinstance(value, float) and value.is_integer()
        return flag.parse(f"{value:.0f}" if whole else str(value))

    unit = ", ".join(flag.choices) or flag.unit
    return Field(flag.default, read, f"{flag.default or 'leave it out'}", flag.help, unit, several)


def _settable(knob: Flag) -> Flag:
    """Return a knob without the choice "unchanged": a plan leaves out what it does not change."""
    words = knob.words
    return replace(knob, choices=words, default=words[0] if words else knob.default, optional=False)


_WINDOW = Flag(
    "window-ttls",
    10,
    "Length of the measured window; without it, long enough for an error of 1 point.",
    3,
    10_000,
    "TTLs",
)

FIELDS: dict[str, Field] = {
    "title": Field("TTL sweep", _text, '"Four TTLs"', "Heading of the report."),
    "ttl_seconds": Field(
        (1.0, 5.0, 30.0),
        _ttls,
        "0.5,1,5",
        "TTLs to measure, separated by commas; 0 switches the cache off.",
        "seconds",
    ),
    "repetitions": flag_field(
        Flag("repetitions", 1, "How often each TTL is measured, with a new seed each time.", 1, 100)
    ),
    "wanted_hit_ratio": flag_field(
        Flag("wanted-hit-ratio", 0.9, "The summary names the smallest TTL that reaches it.", 0, 1)
    ),
    "window_ttls": replace(flag_field(_WINDOW), default=None),
    **{
        flag.key: flag_field(flag, several=flag.key not in OF_ONE_VALUE)
        for flag in LOAD_FLAGS
        if flag.key in LOAD_FIELDS
    },
    **{flag.key: flag_field(flag, several=True) for flag in SWEEP_FLAGS},
}

KNOBS: dict[str, Field] = {
    flag.key: flag_field(_settable(flag), several=True)
    for flag in KNOB_FLAGS
    if flag.key != "ttl_seconds"
}


def command_flag(name: str) -> str:
    """Return the command-line flag of a field or knob."""
    return "--ttl" if name == "ttl_seconds" else f"--{name.replace('_', '-')}"


def checked(given: Mapping[str, Given]) -> Values:
    """Return the value of every field, its default if none was given."""
    for name, value in given.items():
        if name not in FIELDS:
            raise PlanError(_unknown(name, value, [*FIELDS, "knobs"]))
    return with_defaults(FIELDS, given)


def with_defaults(known: Mapping[str, Field], given: Mapping[str, Given]) -> Values:
    """Return the checked value of every field that is known, its default if none was given."""
    return {
        name: read_value(name, field, given[name]) if name in given else field.default
        for name, field in known.items()
    }


def checked_knobs(given: Mapping[str, Given]) -> dict[str, float | str]:
    """Return the knobs that were given; the service keeps its own value of all others."""
    for name, value in given.items():
        if name == "ttl_seconds":
            raise PlanError(
                f"{value.place}: the TTL is what a sweep varies; give it as ttl_seconds"
            )
        if name not in KNOBS:
            raise PlanError(_unknown(name, value, list(KNOBS)))
    return {name: read_value(name, KNOBS[name], value) for name, value in given.items()}


def read_value(name: str, field: Field, given: Given) -> Any:  # noqa: ANN401 - each field has its own type
    """Check one value and return it in its own type.

    Raises:
        PlanError: It is refused; the line names value, place and an example.
    """
    try:
        return field.read(given.value)
    except FlagError as refused:
        raise PlanError(f"{given.place}: {refused}") from None
    except _RefusedError as refused:
        raise PlanError(
            f"{given.place}: {name} {refused}, got {given.value!r}; such as {field.example}"
        ) from None


def _unknown(name: str, given: Given, known: list[str]) -> str:
    return f"{given.place}: unknown name {name!r}; known are {', '.join(known)}"
