"""The flags that name a service of one's own, to measure in place of ours."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from loadtests.experiments.capacity.capacity_plan import CapacityPlan
from loadtests.experiments.commands.usage import UsageError, whole_number
from loadtests.experiments.plan.fields import Given
from loadtests.experiments.plan.load import Load
from loadtests.experiments.trial.set_ttl import SetTtl
from loadtests.experiments.trial.sweep_trials import Sweep
from loadtests.experiments.trial.target_stack import Measured
from loadtests.service_under_test.contract import Knob
from loadtests.target.key_source import TargetError
from loadtests.target.own_service import Target
from loadtests.target.reach import ALLOWED, MOST_FOREIGN_RATE
from loadtests.target.side_requests import set_ttl as set_ttl_of
from loadtests.target.target_file import TargetFlags, read_target
from loadtests.workload.flags import FlagError
from loadtests.workload.target_flags import (
    ALLOW_HELP,
    HEADER_HELP,
    TARGET_FLAGS,
    check_load,
    items_of,
    told_of_target,
)

_OF_OUR_STACK = ("service_url", "database_url", "compose")


def add_own_service_flags(parser: argparse.ArgumentParser, ttl_flag: str, unit: str) -> None:
    """Declare the flags.

    Args:
        parser: Of the verb.
        ttl_flag: Which flag of the verb tells the TTL.
        unit: What the verb sets the TTL for.
    """
    group = parser.add_argument_group(
        "your own service",
        "Measured in place of ours, of which nothing is asked but its keys; see"
        " docs/own-service.md.",
    )
    for flag in TARGET_FLAGS:
        group.add_argument(f"--{flag.name}", metavar=flag.unit.upper() or "TEXT", help=flag.help)
    group.add_argument("--target-header", action="append", metavar="TEXT", help=HEADER_HELP)
    group.add_argument(ALLOWED, action="store_true", help=ALLOW_HELP)
    group.add_argument(
        "--set-ttl",
        metavar="COMMAND",
        help=f"Sets its TTL before each {unit}, with {{ttl}} for the seconds; without it, and"
        f" without [ttl] in --target-file, {ttl_flag} is the one TTL that it has",
    )


def chosen_target(options: argparse.Namespace) -> tuple[Target, TargetFlags] | None:
    """Return the target that the flags name, with them; None if they name none.

    Raises:
        UsageError: Something of it is missing or wrong, or another flag contradicts it.
    """
    for name in (*(flag.key for flag in TARGET_FLAGS), "set_ttl"):
        if getattr(options, name) == "":
            raise UsageError(
                f"--{name.replace('_', '-')} must have a value, got ''; leave it out or give one"
            )
    skipped = options.target_skip_keys
    flags = told_of_target(
        options, whole_number("--target-skip-keys", skipped, "500", 10**15) if skipped else 0
    )
    try:
        target = read_target(flags)
    except TargetError as error:
        raise UsageError(str(error)) from None
    if target is None:
        if options.set_ttl:
            raise UsageError("--set-ttl needs a target, got none; add --target-url")
        return None
    for name in _OF_OUR_STACK:
        if getattr(options, name):
            raise UsageError(
                f"--{name.replace('_', '-')} names a service of ours, beside a target; leave out"
                " one of the two"
            )
    return target, flags


def with_items(target: Target, given: Mapping[str, Given]) -> dict[str, Given]:
    """Return the values of a plan, with as many items as the target has keys if none are given."""
    left = target.keys.left
    if "items" in given or "trace" in given or left is None:
        return dict(given)
    return {**given, "items": Given(str(left), "--target-keys")}


def measured_target(
    target: Target, flags: TargetFlags, sweep: Sweep, set_ttl: str | None
) -> Measured:
    """Return a target with what was told of it for a sweep.

    Raises:
        UsageError: The sweep asks for more than the target can do.
        PlanError: The command that sets its TTL cannot be run.
    """
    for trial in sweep.trials:
        _check_load(target, trial.load or sweep.load, trial.trial.seed, trial.knobs)
    known = sorted({trial.trial.ttl_seconds for trial in sweep.trials})
    target = target.with_keys(sweep.key_names, str(sweep.load.trace))
    return _with_ttl(target, flags, set_ttl, "--ttl", known)


def searched_target(
    target: Target, flags: TargetFlags, plan: CapacityPlan, set_ttl: str | None
) -> Measured:
    """Return a target with what was told of it for a search for its capacity.

    Raises:
        UsageError: The search asks for more than the target can do.
        PlanError: The command that sets its TTL cannot be run.
    """
    highest = plan.rates.highest
    if target.foreign and highest > MOST_FOREIGN_RATE:
        raise UsageError(
            f"--to-rate must be at most {MOST_FOREIGN_RATE:g} to a target on another machine, got"
            f" '{highest:g}'; lower it"
        )
    _check_load(target, plan.load(highest), plan.seed, plan.knobs)
    known = [goal.ttl_seconds for goal in plan.goals if goal.ttl_seconds is not None]
    if not known and not set_ttl and target.ttl is None:
        raise UsageError(
            "--hit-ratio needs a way to set the TTL of the target; tell its TTL with --ttl-seconds,"
            " or set it with --set-ttl 'COMMAND {ttl}' or [ttl] in --target-file"
        )
    return _with_ttl(target, flags, set_ttl, "--ttl-seconds", known)


def _with_ttl(
    target: Target, flags: TargetFlags, set_ttl: str | None, ttl_flag: str, known: Sequence[float]
) -> Measured:
    """Return a target with what sets its TTL, or with the one TTL that was told.

    Raises:
        UsageError: Several TTLs were told, and nothing sets them.
        PlanError: The command that sets its TTL cannot be run.
    """
    setter = _ttl_setter(target, set_ttl)
    if setter is None and len(known) > 1:
        ttls = ",".join(f"{ttl:g}" for ttl in known)
        raise UsageError(
            f"{ttl_flag} must be the one TTL that the target has, got {ttls}; give one, or set it"
            " with --set-ttl 'COMMAND {ttl}' or [ttl] in --target-file"
        )
    return Measured(target, flags, None if setter else known[0], setter)


def _ttl_setter(target: Target, command: str | None) -> Callable[[float], None] | None:
    """Return what sets the TTL of a target; None if nothing does."""
    if command and target.ttl is not None:
        raise UsageError(
            f"--set-ttl must stand alone, got {command!r} beside {target.ttl.place}; leave out one"
        )
    if command:
        return SetTtl(command)
    return None if target.ttl is None else partial(set_ttl_of, target)


def _check_load(target: Target, load: Load, seed: int, knobs: Mapping[str, Knob]) -> None:
    if load.behaviour.writes or load.behaviour.missing:
        raise UsageError(
            f"scenario must be one that only looks up known keys, got {load.scenario!r} with a"
            " target; choose ReadHeavy"
        )
    settings = load.settings(seed)
    others = {name: knob for name, knob in knobs.items() if name != "ttl_seconds"}
    try:
        check_load(target, {name: getattr(settings, name) for name in _CHECKED}, others)
        if not load.trace:
            items_of(target, settings.items)
    except FlagError as error:
        raise UsageError(str(error)) from None


_CHECKED = (
    *("preset", "missing_ratio", "one_hit_ratio", "trace_times"),
    *("rate", "shape", "shape_peak"),
)
