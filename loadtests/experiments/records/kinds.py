"""The kinds of values that fields of a record have, where reading JSON shows no wrong one."""

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from loadtests.experiments.plan.fields import FIELDS, KNOBS, Field, Given, PlanError, read_value

_NUMBER = (int, float)
_JSON_TYPES: Mapping[Any, tuple[type, ...]] = {float: _NUMBER, Path: (str,)}
"""What JSON holds of a type, where that is not the type itself."""

TRIAL_KINDS: Mapping[str, tuple[type, ...]] = {
    "knobs": (dict,),
    "load": (dict, NoneType),
    "started_at": (*_NUMBER, NoneType),
}


def require_kinds(record: object, fields: Mapping[str, tuple[type, ...]]) -> None:
    """Raise TypeError or ValueError, which names the field, unless each is of its kinds."""
    for name, kinds in fields.items():
        _require_type(getattr(record, name), kinds, name)


def require_hinted(values: Mapping[str, Any], kind: type, within: str = "") -> None:
    """Check the values of a dataclass as JSON holds them; one that is absent is not missed.

    Args:
        values: By the names of its fields; other names are not looked at.
        kind: The dataclass.
        within: What the values belong to, for the message.

    Raises:
        TypeError, ValueError: A value is of another kind than its hint says; the message names
            its place.
    """
    for name, hint in get_type_hints(kind).items():
        if name in values:
            _require(values[name], hint, f"{within}{name}")


def require_allowed(plan: Mapping[str, Any]) -> None:
    """Raise ValueError unless a sweep may be asked for every value of its recorded plan.

    What is worked out from them takes as much time and memory as they say.
    """
    known: Mapping[str, Field] = {**FIELDS, **KNOBS}
    if "load" not in plan:
        raise ValueError("plan.load is missing")
    load = plan["load"]
    parts = {
        "plan": plan,
        "plan.load": load,
        "plan.load.flags": load.get("flags", {}),
        "plan.knobs": plan.get("knobs", {}),
    }
    for place, values in parts.items():
        for name in sorted(known.keys() & values.keys()):
            if values[name] is not None:
                _require_allowed(name, known[name], values[name], place)
    for name, values in plan.get("axes", {}).items():
        for value in values if name in known else ():
            _require_allowed(name, known[name], value, "plan.axes")


def _require_allowed(name: str, field: Field, value: object, place: str) -> None:
    try:
        read_value(name, field, Given(value, place))
    except PlanError as error:
        raise ValueError(str(error)) from None


def _require(value: Any, hint: Any, place: str) -> None:  # noqa: ANN401 - JSON, and a type's form
    form, parts = get_origin(hint), get_args(hint)
    if dataclasses.is_dataclass(hint):
        _require_type(value, (dict,), place)
        require_hinted(value, cast("type", hint), f"{place}.")
    elif form in {Union, UnionType}:
        kinds = [kind for part in parts for kind in _JSON_TYPES.get(part, (part,))]
        _require_type(value, tuple(kinds), place)
    elif form is Mapping:
        _require_type(value, (dict,), place)
        for name, each in value.items():
            _require(each, parts[1], f"{place}.{name}")
    elif form is not None:  # A list or a tuple.
        _require_type(value, (list,), place)
        for number, each in enumerate(value):
            _require(each, parts[0], f"{place}[{number}]")
    elif hint is not Any:
        _require_type(value, _JSON_TYPES.get(hint, (hint,)), place)


def _require_type(value: object, kinds: tuple[type, ...], place: str) -> None:
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise TypeError(f"{place} is a {type(value).__name__}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{place} is {value}, which is no number")
