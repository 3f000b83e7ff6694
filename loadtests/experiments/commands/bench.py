"""Measure the service or the load generator itself, or draw how it shows a freeze."""

import argparse
from pathlib import Path

from rich.console import Console

from loadtests.experiments.commands import bench_service
from loadtests.experiments.commands.usage import UsageError, Verbs, add_verb
from loadtests.own_cost import freeze_chart, load_cost
from loadtests.sender.samples import read_samples

LOAD = """Measure what the load generator costs, against a bare endpoint.

The bench takes about two minutes and prints each figure with the value that is wanted: throughput
on one core compared with plain Locust, CPU per request with many items and with several
processes, and memory. Leave the machine idle meanwhile.

Example:
  python -m loadtests bench load
"""

FREEZE_CHART = """Draw how three ways of measuring show one freeze of the service.

Each of the first three arguments is the --record folder of a Locust run during which the service
was frozen for some seconds. The chart shows the share of requests that took longer than t.

Example:
  python -m loadtests bench freeze-chart open slots closed freeze.svg
"""

RUNS = {
    "open": "Record of an open-loop run",
    "slots": "Record of an open-loop run with 8 slots (--max-in-flight 8)",
    "closed": "Record of a closed-loop run",
}


def add_to(verbs: Verbs) -> None:
    """Declare the verb and what it measures."""
    parser = verbs.add_parser("bench", help=(__doc__ or "").rstrip("."), description=__doc__)
    benches = parser.add_subparsers(dest="bench", required=True, metavar="BENCH")
    bench_service.add_to(benches)
    add_verb(benches, "load", LOAD, measure_load)
    chart = add_verb(benches, "freeze-chart", FREEZE_CHART, draw_freeze)
    for name, text in RUNS.items():
        chart.add_argument(name, metavar=name.upper(), type=Path, help=text)
    chart.add_argument("chart", metavar="CHART", type=Path, help="SVG file to write")


def measure_load(_options: argparse.Namespace, _notes: Console) -> int:
    """Print what the load generator costs; return the exit code."""
    load_cost.measure(lambda line: print(line, flush=True))  # noqa: T201 - the answer
    return 0


def draw_freeze(options: argparse.Namespace, notes: Console) -> int:
    """Draw the chart; return the exit code.

    Raises:
        UsageError: A folder holds no samples, or the chart cannot be written.
    """
    runs = []
    for name in RUNS:
        folder = getattr(options, name)
        runs.append(read_samples(folder))
        if not runs[-1].size:
            raise UsageError(f"{folder} holds no samples; name the --record folder of a Locust run")
    try:
        options.chart.write_text(freeze_chart.chart(runs), encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{options.chart} cannot be written: {error.strerror}; name another file"
        ) from None
    notes.print(f"chart: {options.chart}")
    return 0
