"""The axes of a plan: what it varies beside the TTL, and every combination of their values."""

import itertools
from collections.abc import Mapping
from dataclasses import replace

from loadtests.experiments.plan.fields import Field, Given, PlanError, read_value
from loadtests.service_under_test.contract import Knob

Axes = Mapping[str, tuple[Knob, ...]]
Values = Mapping[str, Knob]
"""One value of each axis, by its name."""


def split_axes(
    given: Mapping[str, Given], fields: Mapping[str, Field]
) -> tuple[dict[str, Given], dict[str, tuple[Knob, ...]]]:
    """Tell values that are given alone from lists of them.

    Return the first value of everything, unchecked, and every value of what has several, checked.

    Raises:
        PlanError: A list is empty, names a value twice, or holds a wrong one.
    """
    first, axes = dict(given), {}
    for name, value in given.items():
        items = _listed(value.value) if name in fields and fields[name].several else None
        if items is None:
            continue
        if not items:
            raise PlanError(f"{value.place}: {name} must hold at least one value, got []")
        first[name] = replace(value, value=items[0])
        found = tuple(read_value(name, fields[name], replace(value, value=item)) for item in items)
        if len(set(found)) != len(found):
            raise PlanError(
                f"{value.place}: {name} must name each value once, got {value.value!r}; "
                "use repetitions to measure it again"
            )
        if len(found) > 1:
            axes[name] = found
    return first, axes


def combinations(axes: Axes) -> list[dict[str, Knob]]:
    """Return every combination of the values of the axes; one without values if there are none."""
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


def values_text(values: Values) -> str:
    """Return a combination in words, such as "protection lease, skew 0.8"."""
    return ", ".join(f"{name} {value_text(value)}" for name, value in values.items())


def value_text(value: Knob | None) -> str:
    """Return one value of an axis."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _listed(value: object) -> list[object] | None:
    """Return the items of a list, or of a text with commas; None for a single value."""
    if isinstance(value, list):
        return value
    if isinstance(value, str) and "," in value:
        return [part.strip() for part in value.split(",")]
    return None
