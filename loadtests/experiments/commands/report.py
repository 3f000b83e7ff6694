"""`report`: makes the report of a run again, from its records on disk."""

import argparse
from pathlib import Path

from rich.console import Console

from loadtests.experiments.records.records import RecordError
from loadtests.experiments.report.report import write_report
from loadtests.experiments.report.results import load_results


def add_to(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the verb and its flags."""
    parser = verbs.add_parser("report", help="make a run's report again", description=__doc__)
    parser.add_argument("folder", metavar="DIR", type=Path, help="such as results/sweep-…")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, notes: Console) -> int:
    """Write the report; return the exit code."""
    results = load_results(options.folder)
    report = options.folder / "report.html"
    try:
        write_report(results, report)
    except OSError as error:
        raise RecordError(
            f"{report} cannot be written: {error.strerror}; copy the folder to where it can"
        ) from None
    notes.print(f"report: {report}")
    return 0
