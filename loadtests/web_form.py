"""What Locust's start form may say: checked before Locust takes it, in the command line's words."""

from argparse import Namespace
from collections.abc import Mapping

from locust import User
from locust.env import Environment
from locust.util.timespan import parse_timespan

from loadtests.flags import LOAD_FLAGS, Flag, FlagError
from loadtests.knobs import KNOB_FLAGS
from loadtests.load_settings import LoadSettings, settings_from
from loadtests.load_user import available_classes

_FLAGS = {flag.key: flag for flag in (*LOAD_FLAGS, *KNOB_FLAGS)}
_USERS = Flag("users", 1, "", 1, 100_000, "users")
_SPAWN_RATE = Flag("spawn-rate", 100.0, "", 0.01, 100_000, "users/s")


def settings_of_form(
    form: Mapping[str, str], options: Namespace, *, class_count: int
) -> LoadSettings:
    """Return the settings that a submitted form asks for; *options* stay as they are.

    Args:
        form: Its fields.
        options: What holds where the form says nothing.
        class_count: How many User classes are to run; each needs a user.

    Raises:
        FlagError: A field cannot be what it is.
    """
    check_users(form, class_count)
    asked = Namespace(**vars(options))
    for key, text in form.items():
        if key in _FLAGS:
            setattr(asked, key, _FLAGS[key].parse(text))
    if form.get("host"):
        asked.service_url = form["host"].split(",")
    return settings_from(asked)


def check_users(form: Mapping[str, str], class_count: int) -> None:
    """Refuse users, spawn rate and run time that Locust would fail on, or take and not obey.

    Raises:
        FlagError: One of them will not do.
    """
    require_users(int(_USERS.parse(form.get("user_count", "1"))), class_count)
    _SPAWN_RATE.parse(form.get("spawn_rate", "1"))
    try:
        if form.get("run_time"):
            parse_timespan(form["run_time"])
    except ValueError:
        raise FlagError(
            f"run-time must be a time such as 30, 20s, 3m or 1h30m, got {form['run_time']!r};"
            " leave it empty for no end"
        ) from None


def require_users(users: int, class_count: int) -> None:
    """Refuse fewer users than scenarios: some would not be run.

    Raises:
        FlagError: They are too few.
    """
    if users < class_count:
        raise FlagError(
            f"users must be at least {class_count}, one for each scenario chosen,"
            f" got '{users}'; choose fewer scenarios"
        )


def chosen_classes(
    form: Mapping[str, str], picked: list[str], environment: Environment
) -> list[type[User]]:
    """Return the User classes that a form asks for.

    Args:
        form: Its fields.
        picked: What the class picker says; empty without one.
        environment: Knows the classes there are.

    Raises:
        FlagError: There is no such scenario.
    """
    offered = available_classes(environment)
    names = picked or [form.get("scenario") or environment.user_classes[0].__name__]
    for name in names:
        if name not in offered:
            known = ", ".join(offered)
            raise FlagError(f"scenario must be one of {known}, got {name!r}; choose one of them")
    return [offered[name] for name in names]
