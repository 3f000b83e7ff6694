"""Measure the service beside what people would use in its place."""

import argparse
import time
from typing import Any

from rich.console import Console

from loadtests.experiments.commands.usage import RESULTS, Verbs, add_verb, whole_number
from loadtests.output.json_file import write_json
from loadtests.output.plain_console import PlainConsole
from loadtests.side_by_side.baseline import BASELINE, read_baseline, within, worse
from loadtests.side_by_side.measuring import LOOKUPS, PAIRS, measure
from loadtests.side_by_side.tables import terminal_table, write_documents

# What is published tells another run where its medians lie, which three pairs cannot.
PAIRS_TO_PUBLISH = 9

SERVICE = """Measure the service beside what people would use in its place.

Both run at the same time, and are measured in turn: one second each, in several pairs of new
processes. A server has one core, everything else the others. A ratio is that of the answers per
second; above 1 the service is faster. The bench takes about nine minutes.
`make bench` installs the packages that it needs. Leave the machine idle meanwhile.

Example:
  python -m loadtests bench service
"""

CHECK = """Measure the service as `bench service` does, and say which ratios became worse.

They are compared with those that the repository holds. The exit code is 1 when one is worse than
its tolerance allows.

Example:
  python -m loadtests bench check
"""


def add_to(benches: Verbs) -> None:
    """Declare the two benches of the service."""
    service = add_verb(benches, "service", SERVICE, measure_service)
    service.add_argument(
        "--publish",
        action="store_true",
        help=f"Measure {PAIRS_TO_PUBLISH} pairs unless --pairs says otherwise, and write the "
        "tables of README.md and docs/method.md, and the baseline of bench check",
    )
    check = add_verb(benches, "check", CHECK, check_service)
    for parser in (service, check):
        parser.add_argument(
            "--pairs",
            metavar="NUMBER",
            help=f"Pairs of bursts that each ratio rests on (default {PAIRS})",
        )
        parser.add_argument(
            "--lookups",
            default=str(LOOKUPS),
            metavar="NUMBER",
            help=f"Lookups before /metrics and memory are measured (default {LOOKUPS})",
        )


def measure_service(options: argparse.Namespace, notes: Console) -> int:
    """Print the ratios and keep them; return the exit code."""
    figures = _measure(options, notes, PAIRS_TO_PUBLISH if options.publish else PAIRS)
    if options.publish:
        write_documents(figures)
        write_json(BASELINE, figures)
        notes.print("written: README.md, docs/method.md and the baseline")
    return 0


def check_service(options: argparse.Namespace, notes: Console) -> int:
    """Print the ratios, and those that are worse than the baseline; return the exit code."""
    baseline = read_baseline()
    figures = _measure(options, notes, PAIRS)
    print(within(figures, baseline))  # noqa: T201 - the answer
    lines = worse(figures, baseline)
    for line in lines:
        print(f"worse: {line}")  # noqa: T201
    if not lines:
        print("nothing became worse")  # noqa: T201
    return 1 if lines else 0


def _measure(options: argparse.Namespace, notes: Console, pairs: int) -> dict[str, Any]:
    if options.pairs is not None:
        pairs = whole_number("--pairs", options.pairs, "5", 1000)
    lookups = whole_number("--lookups", options.lookups, "1000000", 10**9)
    figures = measure(notes.print, pairs, lookups)
    folder = RESULTS / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / time.strftime("%Y%m%d-%H%M%S.json")
    write_json(path, figures)
    PlainConsole(width=None if notes.is_terminal else 120, highlight=False).print(
        terminal_table(figures)
    )
    notes.print(f"figures: {path}")
    return figures
