"""Measure hit ratio, latency and store load at several TTLs.

Each TTL gets a trial: empty the cache, predict the hit ratio, send traffic, and count within a
window. A table and a report (report.html, and report.md for a pull request) then compare
measurement and prediction, and list every reason to doubt a trial. Flags override the values of a
plan file.

Example:
  python -m loadtests sweep --ttl 1,5,30 --rate 300 --items 1000
"""

import argparse

from rich.console import Console

from loadtests.experiments.commands.progress_bar import ProgressBar
from loadtests.experiments.commands.report import publish
from loadtests.experiments.commands.stack_flags import add_stack_flags, chosen_stack
from loadtests.experiments.commands.trial_page import TrialPage
from loadtests.experiments.commands.usage import (
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
from loadtests.experiments.trial.sweep_trials import lay_out, run_sweep
from loadtests.stack.ports import SWEEP_METRICS_PORT


def add_to(verbs: Verbs) -> None:
    """Declare the verb and its flags."""
    parser = add_verb(verbs, "sweep", __doc__, run)
    parser.usage = "python -m loadtests sweep [--plan FILE] [--ttl SECONDS,…] [options]"
    parser.add_argument("--plan", metavar="FILE", help="TOML file, or the name of a shipped plan")
    add_field_flags(parser, FIELDS)
    knobs = parser.add_argument_group(
        "knobs", "Set before each trial; without a flag the service keeps its own value."
    )
    add_field_flags(knobs, KNOBS, show_default=False)
    add_stack_flags(parser)
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
    sweep = lay_out(_plan(options))
    stack = chosen_stack(options)
    port = options.metrics_port
    if port is not None:
        port = whole_number("--metrics-port", port, f"--metrics-port {SWEEP_METRICS_PORT}")
    with TrialPage(options.metrics_host, port) as page:
        folder = make_output_folder(options.output, "sweep")
        # Nobody else sees a stack that this sweep starts, so only a given service's load is served.
        load_host = options.metrics_host if options.service_url and page.address else None
        notes.print("starting the stack")
        with stack:
            for line in stack.lines:
                notes.print(line)
            served = page.address or f"not served, port {SWEEP_METRICS_PORT} is taken"
            notes.print(f"trials for Prometheus: {served}")
            minutes, seconds = divmod(round(sum(sweep.expected_seconds.values())), 60)
            count = f"trials: {len(sweep.trials)}"
            notes.print(f"{sweep.plan.title}: {count}; about {minutes} min {seconds} s")
            with ProgressBar(notes, sweep.expected_seconds, page.show) as progress:
                run_sweep(sweep, stack, folder, progress, load_host)
    return publish(folder, notes, as_object=options.json)


def _plan(options: argparse.Namespace) -> Plan:
    """Join the plan file, if any, with the flags, which override it."""
    values, knobs = ({}, {}) if options.plan is None else read_plan_file(find_plan(options.plan))
    return make_plan(values | given_values(options, FIELDS), knobs | given_values(options, KNOBS))
