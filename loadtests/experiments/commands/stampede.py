"""`stampede`: loads per refresh of a hot key, by protection."""

import argparse
import json

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from loadtests.experiments.commands.output_folder import make_output_folder
from loadtests.experiments.commands.progress_bar import ProgressBar
from loadtests.experiments.commands.stack_flags import add_stack_flags, chosen_stack
from loadtests.experiments.commands.sweep import EXIT_ABORTED
from loadtests.experiments.plan.fields import (
    Given,
    PlanError,
    command_flag,
    number,
    read_value,
    whole,
)
from loadtests.experiments.report.stampede import (
    COLD_KEY,
    MODES,
    ModeFigures,
    StampedePlan,
    as_json,
)
from loadtests.experiments.report.table import UNKNOWN, answer_console, milliseconds_text
from loadtests.experiments.trial.parts_on_stack import bench_on
from loadtests.experiments.trial.runner import PROBES
from loadtests.experiments.trial.stampede import expected_seconds, run_mode

# Enough of both that neither hides the stampede: 50 loads at once, over two processes.
ROOMY = {"THREADS": "128", "STORE_POOL_SIZE": "128"}

_DEFAULT = StampedePlan()
_FLAGS = {
    "rate": (number(1, 100_000), "lookups of the hot key a second"),
    "ttl_seconds": (number(0.2, 3600), "TTL of the hot key"),
    "store_delay_seconds": (number(0.001, 10), "how long a load takes"),
    "refreshes": (whole(2, 10_000), "refreshes to measure of each protection"),
    "early_refreshes": (whole(2, 10_000), "the same for early, whose loads vary"),
}


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb and its flags."""
    parser = verbs.add_parser(
        "stampede",
        help="measure what the expiry of a hot key costs",
        description=__doc__,
        usage="python -m loadtests stampede [--modes none,lease,…] [options]",
    )
    parser.add_argument("--modes", default=",".join(MODES), help="protections, with commas between")
    for name, (_, text) in _FLAGS.items():
        default = getattr(_DEFAULT, name)
        parser.add_argument(
            command_flag(name),
            dest=name,
            metavar="VALUE",
            default=default,
            help=f"{text} ({default:g})",
        )
    add_stack_flags(parser)
    parser.set_defaults(service_processes="2")
    parser.add_argument("--output", metavar="DIR", help="where the records go (results/…)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, notes: Console) -> int:
    """Measure every protection; return the exit code."""
    stack = chosen_stack(options, ROOMY)
    plan = _plan(options)
    folder = make_output_folder(options.output, "stampede")
    notes.print("starting the stack")
    with stack:
        for line in stack.lines:
            notes.print(line)
        plan = _plan(options, processes=len(stack.service_urls))
        expected = {
            number: expected_seconds(plan, mode) + plan.store_delay_seconds * PROBES + 2
            for number, mode in enumerate(plan.modes, start=1)
        }
        notes.print(f"about {sum(expected.values()) / 60:.1f} min")
        with (
            ProgressBar(notes, expected) as progress,
            bench_on(stack, folder, progress) as (service, bench),
        ):
            service.fill_catalogue(PROBES + 2)
            figures = [run_mode(bench, plan, mode, folder) for mode in plan.modes]
    (folder / "stampede.json").write_text(json.dumps(as_json(figures), indent=1) + "\n")
    if options.json:
        print(json.dumps(as_json(figures)))  # noqa: T201 - stdout is for the answer
    else:
        _print(plan, stack.store_name, figures)
    return EXIT_ABORTED if any(mode.aborted for mode in figures) else 0


def _plan(options: argparse.Namespace, processes: int = _DEFAULT.processes) -> StampedePlan:
    modes = tuple(options.modes.split(","))
    if not set(modes) <= set(MODES) or len(set(modes)) != len(modes):
        raise PlanError(
            f"--modes must be some of {', '.join(MODES)}, each once, got {options.modes!r}; "
            f"such as {MODES[0]},{MODES[-1]}"
        )
    values = {
        name: read_value(read, name, Given(getattr(options, name), command_flag(name)))
        for name, (read, _) in _FLAGS.items()
    }
    return StampedePlan(modes=modes, processes=processes, **values)


def _print(plan: StampedePlan, store_name: str, figures: list[ModeFigures]) -> None:
    console = answer_console()
    console.print(
        f"One hot key at {plan.rate:g} lookups a second (open, Poisson), TTL {plan.ttl_seconds:g} "
        f"s, {plan.processes} service processes, one Redis.\n"
        f"Store: {store_name}, with store_delay_seconds {plan.store_delay_seconds:g}."
    )
    console.print(_table(figures))
    for mode in figures:
        for doubt in mode.doubts:
            console.print(f"* {mode.protection}: {doubt.text}; {doubt.advice}")
    console.print(COLD_KEY)


def _table(figures: list[ModeFigures]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("\nprotection")
    for heading in (
        *("\nrefreshes", "loads per\nrefresh", "95 %\ninterval", "\ntheory", "when\ncold"),
        *("p99 ms\nbetween", "p99 ms\nat expiry", "lookups that\nwaited"),
    ):
        table.add_column(heading, justify="right")
    for mode in figures:
        table.add_row(
            f"{mode.protection}{'*' if mode.doubts else ''}",
            str(mode.refreshes),
            _text(mode.loads_per_refresh),
            UNKNOWN if mode.low is None else f"{mode.low:.2f}-{mode.high:.2f}",
            _text(mode.predicted),
            UNKNOWN if mode.cold_loads is None else str(mode.cold_loads),
            milliseconds_text(mode.p99_between_seconds),
            milliseconds_text(mode.p99_at_expiry_seconds),
            UNKNOWN if mode.waited is None else str(mode.waited),
        )
    return table


def _text(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:.2f}"
