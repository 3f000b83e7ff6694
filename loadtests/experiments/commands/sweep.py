"""Measure hit ratio, latency and store load at several TTLs, and over any other axis.

Each trial empties the cache, predicts the hit ratio, sends traffic, and counts within a window.
A table and a report (report.html, and report.md for a pull request; trials.csv for other programs)
then compare measurement and prediction, and list every reason to doubt a trial. A knob or load flag
with several values is an axis: every combination is measured. Flags override the values of a plan
file, and PLAN may be the name of a plan that comes with the project (see --list).

Example:
  python -m loadtests sweep --ttl 1,5,30 --rate 300 --items 1000
  python -m loadtests sweep --ttl 2 --protection none,lease --skew 0.7,1.1 --repetitions 3
  python -m loadtests sweep staleness
  python -m loadtests sweep --target-url 'http://127.0.0.1:8080/api/{key}' --ttl 60
"""

import argparse
import dataclasses
from pathlib import Path

from rich.console import Console

from loadtests.experiments.commands.flags.own_service_flags import (
    add_own_service_flags,
    chosen_target,
    measured_target,
    with_items,
)
from loadtests.experiments.commands.flags.shipped_plans import list_plans
from loadtests.experiments.commands.progress_bar import ProgressBar
from loadtests.experiments.commands.report import publish
from loadtests.experiments.commands.stack_flags import (
    add_stack_flags,
    chosen_stack,
    redis_of_target,
)
from loadtests.experiments.commands.trial_page import TrialPage
from loadtests.experiments.commands.usage import (
    UsageError,
    Verbs,
    add_field_flags,
    add_output_flags,
    add_verb,
    given_values,
    make_output_folder,
    whole_number,
)
from loadtests.experiments.plan.fields import FIELDS, KNOBS
from loadtests.experiments.plan.plan import Plan, make_plan
from loadtests.experiments.plan.toml_file import find_plan, read_plan_file
from loadtests.experiments.trial.resuming import measured_in, plan_in, require_same_kind
from loadtests.experiments.trial.sweep_trials import Sweep, lay_out, run_sweep
from loadtests.experiments.trial.target_stack import TargetStack
from loadtests.experiments.trial.target_sweep import on_target
from loadtests.stack.addresses import GivenService
from loadtests.stack.local import LocalStack
from loadtests.stack.ports import SWEEP_METRICS_PORT
from loadtests.stack.stack import Stack
from loadtests.target.own_service import Target

LONG_SECONDS = 3600.0  # A sweep that takes longer is asked for twice.
FEW_CONNECTIONS = {"THREADS": "4"}
"""Of a service whose Redis is short of memory: the buffers of each connection take from it."""


def add_to(verbs: Verbs) -> None:
    """Declare the verb and its flags."""
    parser = add_verb(verbs, "sweep", __doc__, run)
    parser.usage = "python -m loadtests sweep [PLAN] [--ttl SECONDS,…] [options]"
    parser.add_argument(
        "name", metavar="PLAN", nargs="?", help="TOML file, or the name of a shipped plan"
    )
    parser.add_argument("--plan", metavar="FILE", help="The same as PLAN")
    parser.add_argument("--list", action="store_true", help="List the shipped plans")
    parser.add_argument(
        "--yes", action="store_true", help="Start even if it takes more than an hour"
    )
    parser.add_argument(
        "--resume",
        metavar="DIR",
        type=Path,
        help="Go on with the sweep in this folder; trials that were measured stay as they are",
    )
    add_field_flags(parser, FIELDS)
    knobs = parser.add_argument_group(
        "knobs", "Set before each trial; without a flag the service keeps its own value."
    )
    add_field_flags(knobs, KNOBS, show_default=False)
    add_stack_flags(parser)
    add_own_service_flags(parser, "--ttl", "trial")
    page = parser.add_argument_group("metrics", "Prometheus can follow the trials on /metrics.")
    page.add_argument(
        "--metrics-host",
        metavar="HOST",
        default="127.0.0.1",
        help="Address to serve them on (default 127.0.0.1)",
    )
    page.add_argument(
        "--metrics-port",
        metavar="PORT",
        help=f"Port to serve them on (default {SWEEP_METRICS_PORT} if it is free)",
    )
    add_output_flags(parser, "sweep")


def run(options: argparse.Namespace, notes: Console) -> int:
    """Run a sweep and print its answer; return the exit code."""
    if options.list:
        return list_plans()
    sweep, stack = _chosen(options)
    _refuse_shared_memory(sweep, stack)
    port = options.metrics_port
    if port is not None:
        port = whole_number("--metrics-port", port, f"--metrics-port {SWEEP_METRICS_PORT}")
    estimate = _estimate(sweep, agreed=options.yes)
    with TrialPage(options.metrics_host, port) as page:
        folder = options.resume or make_output_folder(options.output, "sweep")
        notes.print(estimate)
        try:
            if sweep.left:
                _measure(sweep, stack, folder, page, notes)
        except KeyboardInterrupt:
            notes.print(f"records: {folder}; go on by: python -m loadtests sweep --resume {folder}")
            raise
    return publish(folder, notes, as_object=options.json)


def _measure(sweep: Sweep, stack: Stack, folder: Path, page: TrialPage, notes: Console) -> None:
    # Nobody else sees a stack that this sweep starts, so only a given service's load is served.
    is_given = isinstance(stack, GivenService | TargetStack)
    load_host = page.host if is_given and page.address else None
    notes.print(stack.entering)
    with stack:
        for line in stack.lines:
            notes.print(line)
        served = page.address or f"not served, port {SWEEP_METRICS_PORT} is taken"
        notes.print(f"trials for Prometheus: {served}")
        notes.print(f"records: {folder}")
        with ProgressBar(notes, sweep.expected_seconds, page.show) as progress:
            run_sweep(sweep, stack, folder, progress, load_host)


def _chosen(options: argparse.Namespace) -> tuple[Sweep, Stack]:
    """Return the sweep that is asked for, and what it measures."""
    own = chosen_target(options)
    if own is None:
        sweep = _sweep(options)
        limited = any(trial.memory for trial in sweep.trials)
        return sweep, chosen_stack(options, FEW_CONNECTIONS if limited else None)
    sweep = _sweep(options, own[0])
    measured = measured_target(*own, sweep, options.set_ttl)
    return on_target(sweep, measured), TargetStack(measured, redis_of_target(options))


def _sweep(options: argparse.Namespace, target: Target | None = None) -> Sweep:
    """Return the sweep that is asked for, or the one to go on with."""
    if options.resume is None:
        return lay_out(_plan(options, target), target)
    given = {**given_values(options, FIELDS), **given_values(options, KNOBS)}
    others = {"PLAN": options.name, "--plan": options.plan, "--output": options.output}
    extra = [value.place for value in given.values()] + [name for name in others if others[name]]
    if extra:
        raise UsageError(
            f"{extra[0]} cannot be given with --resume, which goes on with the plan of "
            f"{options.resume}; leave it out"
        )
    require_same_kind(options.resume, of_target=target is not None)
    laid_out = lay_out(plan_in(options.resume), target)
    return dataclasses.replace(laid_out, done=measured_in(options.resume))


def _plan(options: argparse.Namespace, target: Target | None) -> Plan:
    """Join the plan file, if any, with the flags, which override it."""
    if options.name is not None and options.plan is not None:
        raise UsageError(f"PLAN {options.name!r} and --plan {options.plan!r}: give one of the two")
    name = options.plan if options.name is None else options.name
    values, knobs = ({}, {}) if name is None else read_plan_file(find_plan(name))
    values, knobs = values | given_values(options, FIELDS), knobs | given_values(options, KNOBS)
    return make_plan(values if target is None else with_items(target, values), knobs)


def _refuse_shared_memory(sweep: Sweep, stack: Stack) -> None:
    """Refuse to limit the memory of a Redis that others may use.

    Raises:
        UsageError: The plan limits it, and the stack is not private.
    """
    if not isinstance(stack, LocalStack) and any(trial.memory for trial in sweep.trials):
        raise UsageError(
            "maxmemory_entries changes the configuration of Redis, which is done on the private "
            "stack alone; leave out --service-url, --redis-url and --compose"
        )


def _estimate(sweep: Sweep, *, agreed: bool) -> str:
    """Return how many trials there are and how long they take.

    Raises:
        UsageError: It is more than an hour, and that was not agreed to.
    """
    seconds = sum(sweep.expected_seconds.values())
    count = f"trials: {len(sweep.left)}"
    if sweep.done:
        count += f" of {len(sweep.trials)}, the others are measured"
    estimate = f"{sweep.plan.title}: {count}; about {_duration(seconds)}"
    if seconds > LONG_SECONDS and not agreed:
        raise UsageError(f"{estimate}; start it with --yes, or leave out values or repetitions")
    return estimate


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, left = divmod(minutes, 60)
    return f"{hours} h {left} min" if hours else f"{minutes} min {rest} s"
