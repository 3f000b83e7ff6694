"""Checks Locust's start form before Locust accepts it, with the messages of the command line."""

import bisect
from argparse import Namespace
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress

from locust import User
from locust.dispatch import UsersDispatcher
from locust.env import Environment
from locust.runners import WorkerNode
from locust.util.timespan import parse_timespan

from loadtests.run.load_user import available_classes
from loadtests.workload.flags import LOAD_FLAGS, NO_PRESET, Flag, FlagError
from loadtests.workload.knob_flags import KNOB_FLAGS
from loadtests.workload.load_settings import (
    DEFAULT_URL,
    EDITABLE,
    LoadSettings,
    settings_from,
)

Classes = list[type[User]]

KNOB_KEYS = frozenset(flag.key for flag in KNOB_FLAGS)
_FLAGS = {flag.key: flag for flag in (*LOAD_FLAGS, *KNOB_FLAGS)}
_USERS = Flag("users", 1, "", 1, 100_000, "users")
_SPAWN_RATE = Flag("spawn-rate", 100.0, "", 0.01, 100_000, "users/s")

_LONGEST_RUN_SECONDS = 366 * 86_400  # Locust's timer takes a number of 32 bits.
_MOST_SHOWN = 40

_OWN_FIELDS = frozenset(
    ("user_count", "spawn_rate", "host", "run_time", "user_classes", "shape_class", "profile")
)
"""The fields that Locust's own form has."""


def check_fields(form: Collection[str], shown: Collection[str]) -> None:
    """Check that a form has only fields that the page shows: Locust takes every option from it.

    Args:
        form: Names of the form's fields.
        shown: Names of the options that the page shows.

    Raises:
        FlagError: It has another field.
    """
    for name in form:
        if name not in _OWN_FIELDS and name not in shown:
            raise FlagError(
                f"{name} is not a field of the start form; give it on the command line if it is"
                " a flag, or leave it out"
            )


def check_user_class(settings: object, classes: Mapping[str, type[User]]) -> None:
    """Check what is to be set on a User class: Locust sets every attribute that it is sent.

    Args:
        settings: The attributes by name, from JSON.
        classes: The User classes by name.

    Raises:
        FlagError: It is not what Locust's page sends.
    """
    values = settings if isinstance(settings, dict) else {}
    name = values.get("user_class_name")
    if not isinstance(name, str) or name not in classes:
        raise FlagError(f"user_class_name must be one of {', '.join(classes)}, got {name!r}")
    for key, value in values.items():
        if key not in _OF_CLASS or not _OF_CLASS[key](value):
            raise FlagError(
                f"{key} of {name} cannot be {value!r}; set host, weight, fixed_count and tasks,"
                " as Locust's page does"
            )


def _is_count(value: object) -> bool:
    return type(value) in {int, float} and 0 <= value <= _USERS.high  # type: ignore[operator]


_OF_CLASS: Mapping[str, Callable[[object], bool]] = {
    "user_class_name": lambda value: isinstance(value, str),
    "host": lambda value: value is None or isinstance(value, str),
    "weight": _is_count,
    "fixed_count": lambda value: _is_count(value) and isinstance(value, int),
    "tasks": lambda value: value == ["carry_stream"],
}
"""What Locust's page may set on a User class; each of ours has one task."""


def settings_of_form(form: Mapping[str, str], options: Namespace) -> LoadSettings:
    """Return the settings of a submitted form, without changing *options*.

    Args:
        form: The fields of the form.
        options: Values of the fields that the form leaves out.

    Raises:
        FlagError: A field has a wrong value.
    """
    chosen = Namespace(**vars(options))
    for key, text in form.items():
        if key in _FLAGS:
            setattr(chosen, key, _FLAGS[key].parse(text))
    if "host" in form:
        if not form["host"].strip():
            raise FlagError(f"host must be the service's URL, got ''; such as {DEFAULT_URL}")
        chosen.service_url = form["host"].split(",")
    return settings_from(chosen)


def require_editable(form: Mapping[str, str], options: Namespace) -> None:
    """Check that a form changes only what may change during a run.

    Args:
        form: The fields of the form.
        options: The values that the last start or edit chose.

    Raises:
        FlagError: It changes another field.
    """
    for key, text in form.items():
        if key not in _FLAGS and key != "scenario":
            continue
        before = getattr(options, key)
        now = _FLAGS[key].parse(text) if key in _FLAGS else text
        if now == before or key in KNOB_KEYS:
            continue
        if key not in EDITABLE:
            raise FlagError(
                f"{key.replace('_', '-')} cannot change during a run, got {text!r}; stop the run"
                " and start a new one"
            )
        if key == "skew" and options.preset != NO_PRESET:
            raise FlagError(
                f"skew is that of preset {options.preset}, got {text!r}; stop the run and start"
                " one without a preset"
            )


def check_users(form: Mapping[str, str], classes: Classes) -> int:
    """Return the number of users in a form.

    Locust would fail on a wrong number of users, spawn rate or run time, or silently ignore it.

    Args:
        form: The fields of the form.
        classes: The User classes that are to run.

    Raises:
        FlagError: A field has a wrong value.
    """
    users = require_users(form.get("user_count", "1"), classes)
    _SPAWN_RATE.parse(form.get("spawn_rate", "1"))
    _check_run_time(form.get("run_time", ""))
    return users


def _check_run_time(text: str) -> None:
    seconds = None
    with suppress(ValueError, OverflowError):
        seconds = parse_timespan(text) if text else 0
    if seconds is None or not 0 <= seconds <= _LONGEST_RUN_SECONDS:
        raise FlagError(
            "run-time must be a time such as 30, 20s, 3m or 1h30m, and at most a year, got"
            f" {text[:_MOST_SHOWN]!r}; leave it empty for no end"
        )


def require_users(text: str, classes: Classes) -> int:
    """Return the number of users in *text*, which must be enough for each of *classes* to have one.

    Raises:
        FlagError: They are too few, or *text* is not a number of users.
    """
    users = int(_USERS.parse(text))
    fewest = fewest_users(classes)
    if users < fewest:
        raise FlagError(
            f"users must be at least {fewest}, so that each scenario chosen has one,"
            f" got '{users}'; choose fewer scenarios"
        )
    return users


def fewest_users(classes: Classes) -> int:
    """Return the fewest users with which Locust assigns at least one to each class.

    Raises:
        FlagError: A class gets none, however many users there are.
    """
    for chosen in classes:
        if chosen.weight <= 0 and not chosen.fixed_count:
            raise FlagError(
                f"weight of {chosen.__name__} must be above 0, got '{chosen.weight}';"
                " raise it or choose other scenarios"
            )
    enough = len(classes)
    while enough < _USERS.high and not _all_have_users(classes, enough):
        enough *= 2
    return bisect.bisect_left(
        range(enough), x=True, key=lambda users: _all_have_users(classes, users)
    )


def _all_have_users(classes: Classes, users: int) -> bool:
    node = WorkerNode("all")
    dispatcher = UsersDispatcher([node], classes)
    dispatcher.new_dispatch(users, spawn_rate=max(1, users))
    return all(next(dispatcher)[node.id].values())


def chosen_classes(
    form: Mapping[str, str], named: list[str] | None, environment: Environment
) -> Classes:
    """Return the User classes that a form selects.

    Args:
        form: The fields of the form.
        named: Names from the class picker or else the command line, which override the form's
            scenario; None without either.
        environment: Knows the classes that exist.

    Raises:
        FlagError: A scenario does not exist, or none was picked.
    """
    offered = available_classes(environment)
    if named is None:
        named = [form.get("scenario") or environment.user_classes[0].__name__]
    if not named:
        known = ", ".join(offered)
        raise FlagError(f"user classes must be some of {known}, got none; choose one at least")
    for name in named:
        if name not in offered:
            known = ", ".join(offered)
            raise FlagError(f"scenario must be one of {known}, got {name!r}; choose one of them")
    return [offered[name] for name in named]
