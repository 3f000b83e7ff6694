"""`sweep`: TTLs times repetitions on a stack, then a table and a report."""

import argparse
import json
from pathlib import Path

from rich.console import Console

from loadtests.experiments.commands.output_folder import make_output_folder
from loadtests.experiments.commands.progress_bar import ProgressBar
from loadtests.experiments.commands.stack_flags import add_stack_flags, chosen_stack
from loadtests.experiments.commands.trial_page import USUAL_PORT, TrialPage
from loadtests.experiments.plan.fields import (
    FIELDS,
    KNOBS,
    Field,
    Given,
    command_flag,
    read_value,
    whole,
)
from loadtests.experiments.plan.plan import Plan, make_plan
from loadtests.experiments.plan.toml_file import find_plan, read_plan_file
from loadtests.experiments.report.report import write_report
from loadtests.experiments.report.results import RunResults, as_json, load_results
from loadtests.experiments.report.table import answer_console, run_tables
from loadtests.experiments.trial.sweep import Sweep, lay_out, run_sweep
from loadtests.stack.stack import Stack

EXIT_ABORTED = 1


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb and its flags."""
    parser = verbs.add_parser(
        "sweep",
        help="measure TTLs",
        description=__doc__,
        usage="python -m loadtests sweep [--plan FILE] [--ttl SECONDS,…] [options]",
    )
    parser.add_argument("--plan", metavar="FILE", help="a TOML plan, or the name of a shipped one")
    for name, field in FIELDS.items():
        parser.add_argument(command_flag(name), dest=name, metavar="VALUE", help=_help(field))
    knobs = parser.add_argument_group("knobs of the service")
    for name, knob in KNOBS.items():
        knobs.add_argument(command_flag(name), dest=name, metavar="VALUE", help=_help(knob))
    add_stack_flags(parser)
    parser.add_argument(
        "--metrics-host", metavar="HOST", default="127.0.0.1", help="where /metrics is served"
    )
    parser.add_argument("--metrics-port", metavar="PORT", help=f"and on which port ({USUAL_PORT})")
    parser.add_argument("--output", metavar="DIR", help="where the records go (results/…)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, notes: Console) -> int:
    """Carry a sweep out; return the exit code."""
    sweep = lay_out(_plan(options))
    stack = chosen_stack(options)
    # A stack of our own is followed by nobody.
    followed_at = options.metrics_host if options.service_url else None
    with TrialPage(options.metrics_host, _port(options.metrics_port)) as page:
        folder = make_output_folder(options.output, "sweep")
        _measure(sweep, stack, folder, page, followed_at if page.address else None, notes)
    results = load_results(folder)
    report = write_report(results, folder / "report.html")
    _print(results, report, as_object=options.json)
    return EXIT_ABORTED if any(record.aborted for record in results.records.values()) else 0


def _measure(  # noqa: PLR0913, PLR0917 - what a sweep joins
    sweep: Sweep,
    stack: Stack,
    folder: Path,
    page: TrialPage,
    followed_at: str | None,
    notes: Console,
) -> None:
    notes.print("starting the stack")
    with stack:
        for line in stack.lines:
            notes.print(line)
        served = page.address or f"not served, port {USUAL_PORT} is taken"
        notes.print(f"trials for Prometheus: {served}")
        _announce(sweep, notes)
        with ProgressBar(notes, sweep.expected_seconds, page.show) as progress:
            run_sweep(sweep, stack, folder, progress, followed_at)


def _plan(options: argparse.Namespace) -> Plan:
    """Join a plan file, if any, with the flags, which win."""
    values: dict[str, Given] = {}
    knobs: dict[str, Given] = {}
    if options.plan is not None:
        values, knobs = read_plan_file(find_plan(options.plan))
    for name in FIELDS:
        if (value := getattr(options, name)) is not None:
            values[name] = Given(value, command_flag(name))
    for name in KNOBS:
        if (value := getattr(options, name)) is not None:
            knobs[name] = Given(value, command_flag(name))
    return make_plan(values, knobs)


def _port(text: str | None) -> int | None:
    if text is None:
        return None
    port: int = read_value(whole(1, 65_535), "port", Given(text, "--metrics-port"))
    return port


def _help(field: Field) -> str:
    return field.help.removeprefix("Service: ").replace("%", "%%")


def _announce(sweep: Sweep, notes: Console) -> None:
    minutes, seconds = divmod(round(sum(sweep.expected_seconds.values())), 60)
    notes.print(
        f"{sweep.plan.title}: trials: {len(sweep.trials)}; about {minutes} min {seconds} s",
        markup=False,
    )


def _print(results: RunResults, report: Path, *, as_object: bool) -> None:
    if as_object:
        print(json.dumps(as_json(results, report)))  # noqa: T201 - stdout is for the answer
        return
    console = answer_console()
    console.print(run_tables(results))
    console.print(f"Report: {report}", soft_wrap=True)
