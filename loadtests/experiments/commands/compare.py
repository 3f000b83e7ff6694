"""Compare two sweeps: is the second worse, better, or can it not be told yet?

Trials of the same TTL, repetition and seed are paired, since they send the same traffic. A change
counts when its 95 % interval lies on one side of zero and reaches what matters: 0.5 points of hit
ratio, 5 % of a latency or a rate. "No change beyond" that is said only where the interval lies
within it; where it does not, nothing can be told yet. The exit code is 1 if something is worse.

Examples:
  python -m loadtests compare results/sweep-before results/sweep-after
  python -m loadtests compare results/before results/after --allow knobs --output results/compared
"""

import argparse
import json
from pathlib import Path

from rich.console import Console

from loadtests.experiments.commands.usage import UsageError, Verbs, add_verb, make_output_folder
from loadtests.experiments.comparison.comparison import compare
from loadtests.experiments.comparison.comparison_text import (
    bencher,
    comparison_markdown,
    comparison_object,
    comparison_table,
    github_action_benchmark,
)
from loadtests.experiments.comparison.difference import WORSE
from loadtests.experiments.comparison.pairing import ASPECTS, NotComparableError, pair_runs
from loadtests.experiments.report.table import answer_console
from loadtests.output.whole_file import write_whole

EXIT_WORSE = 1


def add_to(verbs: Verbs) -> None:
    """Declare the verb and its flags."""
    parser = add_verb(verbs, "compare", __doc__, run)
    parser.add_argument("first", metavar="FIRST", type=Path, help="Folder of the run before")
    parser.add_argument("second", metavar="SECOND", type=Path, help="Folder of the run to judge")
    parser.add_argument(
        "--allow",
        action="append",
        choices=ASPECTS,
        default=[],
        help="Compare although the runs differ in this; may be given several times",
    )
    parser.add_argument(
        "--output",
        metavar="DIR",
        help="New folder for report.md and for what github-action-benchmark and Bencher read",
    )
    parser.add_argument("--json", action="store_true", help="Print one JSON object, not a table")


def run(options: argparse.Namespace, notes: Console) -> int:
    """Print the differences of two runs; return 1 if something is worse.

    Raises:
        UsageError: The runs are not comparable.
    """
    try:
        pairs, left_out = pair_runs(options.first, options.second, frozenset(options.allow))
    except NotComparableError as error:
        raise UsageError(str(error)) from None
    comparison = compare(pairs)
    if options.output is not None:
        folder = make_output_folder(options.output, "compare")
        files = {
            "report.md": comparison_markdown(comparison, left_out),
            "github-action-benchmark.json": json.dumps(github_action_benchmark(comparison)),
            "bencher.json": json.dumps(bencher(comparison)),
        }
        for name, content in files.items():
            write_whole(folder / name, content)
        notes.print(f"written: {', '.join(files)} in {folder}")
    if options.json:
        print(json.dumps(comparison_object(comparison, left_out)))  # noqa: T201 - the answer
    else:
        answer_console().print(comparison_table(comparison, left_out))
    return EXIT_WORSE if any(each.verdict == WORSE for each in comparison.differences) else 0
