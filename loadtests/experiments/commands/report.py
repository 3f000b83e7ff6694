"""Make the tables and the report of a run again: a sweep, a drill, a search for capacity.

Everything is worked out from the records in the run's folder, and nothing is measured. report.html
and report.md are replaced, and stampede.json too for a stampede.

Example:
  python -m loadtests report results/sweep-20250131-120000
"""

import argparse
import json
from pathlib import Path

from rich.console import Console

from loadtests.experiments.capacity.capacity_answer import answer_capacity
from loadtests.experiments.commands.usage import UsageError, Verbs, add_verb
from loadtests.experiments.drills.drill_answer import answer_drills
from loadtests.experiments.records.records import CAPACITY, DRILL, load_run
from loadtests.experiments.report.answer import Answer, answer_run
from loadtests.experiments.report.table import answer_console

EXIT_ABORTED = 1


def add_to(verbs: Verbs) -> None:
    """Declare the verb and its argument."""
    parser = add_verb(verbs, "report", __doc__, run)
    parser.add_argument(
        "folder", metavar="DIR", type=Path, help="A run's folder, such as one in results/"
    )


def run(options: argparse.Namespace, notes: Console) -> int:
    """Make the report again and print the tables; return the exit code."""
    publish(options.folder, notes)
    return 0


def publish(folder: Path, notes: Console, *, as_object: bool = False) -> int:
    """Write the report of a run and print its answer; return the exit code of its measurement.

    Args:
        folder: The run's folder.
        notes: Console for the report's path.
        as_object: Whether to print one JSON object instead of tables.

    Raises:
        RecordError: The folder does not hold a run.
        UsageError: The report cannot be written.
    """
    try:
        answer = _answer(folder)
    except OSError as error:
        raise UsageError(
            f"{error.filename} cannot be written: {error.strerror}; copy {folder} to where it can"
        ) from None
    if as_object:
        print(json.dumps(answer.content))  # noqa: T201 - stdout is for the answer
    else:
        answer_console().print(answer.tables)
    notes.print(f"report: {answer.page}")
    return EXIT_ABORTED if answer.aborted else 0


def _answer(folder: Path) -> Answer:
    run = load_run(folder)
    if run.kind == DRILL:
        return answer_drills(folder, run)
    if run.kind == CAPACITY:
        return answer_capacity(folder, run)
    return answer_run(folder)
