"""The flags that name a target: a service of one's own in place of ours. Given at start only."""

from argparse import Namespace
from collections.abc import Mapping

from loadtests.service_under_test.contract import Knob
from loadtests.service_under_test.urls import names_server
from loadtests.target.key_source import TargetError
from loadtests.target.own_service import Target
from loadtests.target.reach import ALLOWED, MOST_FOREIGN_RATE
from loadtests.target.target_file import TargetFlags, read_target
from loadtests.workload.flags import (
    LOAD_FLAGS,
    NO_PRESET,
    Flag,
    FlagError,
    FlagParser,
    add_repeatable_flag,
    locust_variable,
)

ALLOW_HELP = (
    "Send to a target on another machine, which you may load; at most"
    f" {MOST_FOREIGN_RATE:g} requests per second."
)
HEADER_HELP = (
    "'NAME: VALUE' sent to the target; ${VARIABLE} is taken from the environment; repeat for more."
)
TARGET_FLAGS = (
    Flag("target-url", "", "Your own service, with {key} in its URL.", in_form=False),
    Flag("target-file", "", "TOML file that describes your own service.", in_form=False),
    Flag("target-keys", "", "Its keys: 1-5000, or a file with one on each line.", in_form=False),
    Flag(
        "target-result",
        "",
        "What tells a hit: auto, none, age, a header, json FIELD, 'X-Mine: warm=hit, cold=miss'.",
        in_form=False,
    ),
    Flag(
        "target-skip-keys",
        0,
        "Leave out this many of its first keys.",
        0,
        10**15,
        "keys",
        in_form=False,
    ),
)
REDIS_FLAG = Flag(
    "redis-url",
    "",
    "Redis of your own service, whose INFO gives the hit ratio that answers do not tell.",
    in_form=False,
)
_ITEMS = next(flag.default for flag in LOAD_FLAGS if flag.key == "items")


def add_target_flags(parser: FlagParser) -> None:
    """Add the flags to Locust's parser."""
    for flag in (*TARGET_FLAGS, REDIS_FLAG):
        flag.add_to(parser)
    add_repeatable_flag(parser, "target-header", "<header>", HEADER_HELP)
    parser.add_argument(
        ALLOWED,
        action="store_true",
        help=ALLOW_HELP,
        env_var=locust_variable(ALLOWED.removeprefix("--")),
        include_in_web_ui=False,
    )


def target_from(options: Namespace) -> Target | None:
    """Return the target that *options* name; None if they name none.

    Raises:
        FlagError: Something of it is missing or wrong, or its host may not be loaded.
    """
    try:
        return read_target(told_of_target(options, int(options.target_skip_keys or 0)))
    except TargetError as error:
        raise FlagError(str(error)) from None


def told_of_target(options: Namespace, skip_keys: int) -> TargetFlags:
    """Return what *options* say of a target, with the number of its keys that are left out."""
    return TargetFlags(
        url=options.target_url or "",
        file=options.target_file or "",
        keys=options.target_keys or "",
        result=options.target_result or "",
        headers=tuple(options.target_header or ()),
        skip_keys=skip_keys,
        allowed=bool(options.i_may_load_this_host),
    )


def redis_of(options: Namespace, target: Target | None) -> str:
    """Return the URL of a target's Redis; "" if none is given.

    Raises:
        FlagError: It is no such URL, or there is no target.
    """
    url = str(options.redis_url or "")
    if url and target is None:
        raise FlagError("redis-url is that of a target, and none is given; add --target-url")
    if url and not names_server(url, ("redis", "rediss")):
        shown = url.rpartition("@")[2]
        raise FlagError(
            f"redis-url must be redis://host:port, got {shown!r}; such as redis://127.0.0.1:6379/0"
        )
    return url


def items_of(target: Target, items: int) -> int:
    """Return how many of a target's keys are asked for: all of them unless a number was given.

    Raises:
        FlagError: The target has fewer.
    """
    left = target.keys.left
    if left is None or items <= left:
        return items
    if items == _ITEMS:
        return left
    raise FlagError(
        f"items must be at most the {left} keys that the target has, got '{items}'; lower it, or"
        " give more with --target-keys"
    )


def check_load(target: Target, values: Mapping[str, object], knobs: Mapping[str, Knob]) -> None:
    """Check that a load asks of a target only what a target can do.

    Args:
        target: The target.
        values: The load flags by name.
        knobs: The knobs that are set.

    Raises:
        FlagError: It asks for more.
    """
    if values["preset"] != NO_PRESET:
        raise FlagError(
            f"preset sets what only our own service has, got {values['preset']!r} with a target;"
            " give --skew and --ttl-seconds instead"
        )
    for name in ("missing_ratio", "one_hit_ratio"):
        if values[name]:
            raise FlagError(
                f"{name.replace('_', '-')} must be 0 with a target, got '{values[name]}': which"
                " ids it has beside its keys is not known; leave it out"
            )
    for name, value in knobs.items():
        if name != "ttl_seconds":
            raise FlagError(
                f"{name.replace('_', '-')} is a knob of our own service, got '{value}' with a"
                " target; leave it out"
            )
    if target.foreign:
        _check_foreign(values)


def _check_foreign(values: Mapping[str, object]) -> None:
    if values["trace_times"] == "yes":
        raise FlagError(
            "trace-times must be no with a target on another machine, got 'yes': the rate of a"
            " trace has no bound; give --rate"
        )
    steady = values["shape"] == "steady"
    peak = 1.0 if steady else max(1.0, float(str(values["shape_peak"])))
    highest = float(str(values["rate"])) * peak
    if highest > MOST_FOREIGN_RATE:
        raise FlagError(
            f"rate must stay at most {MOST_FOREIGN_RATE:g} arrivals/s to a target on another"
            f" machine, got '{highest:g}' at its highest; lower it"
        )
