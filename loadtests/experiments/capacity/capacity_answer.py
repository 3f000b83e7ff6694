"""Makes the answer of a search for capacity from its records: tables, JSON and both reports."""

from pathlib import Path
from typing import Any

from loadtests.experiments.capacity.capacity_chart import capacity_chart
from loadtests.experiments.capacity.capacity_figures import (
    QUEUEING_FACTOR,
    CapacityResults,
    load_capacity,
)
from loadtests.experiments.capacity.capacity_json import as_json
from loadtests.experiments.capacity.capacity_table import (
    capacity_sentence,
    capacity_tables,
    mark_lines,
    own_lines,
    steps_grid,
)
from loadtests.experiments.figures.conclusions import store_sentence
from loadtests.experiments.records.record_file import refuse_damage
from loadtests.experiments.records.records import RunRecord
from loadtests.experiments.report.answer import Answer, write_pages
from loadtests.experiments.report.pages import Pages, render


def answer_capacity(folder: Path, run: RunRecord) -> Answer:
    """Work out the figures of a run, write its report, and return its answer.

    Raises:
        OSError: The report cannot be written.
    """
    results = load_capacity(folder, run)
    nothing = not results.capacities or any(c.found.holds is None for c in results.capacities)
    with refuse_damage(folder):
        page = write_pages(folder, render_capacity(results))
        content = {**as_json(results), "report": str(page)}
        return Answer(capacity_tables(results), content, page, nothing)


def render_capacity(results: CapacityResults) -> Pages:
    """Return the report of a search for capacity."""
    bound = results.max_p99_seconds
    content: dict[str, Any] = {
        "store": store_sentence(results.run),
        "damaged": results.damaged,
        "bound": bound,
        "doubts": results.doubts,
        "factor": QUEUEING_FACTOR,
        "answers": [(capacity_sentence(c, bound), mark_lines(c)) for c in results.capacities],
        "grids": [(c.goal, steps_grid(c.steps), own_lines(c)) for c in results.capacities],
    }
    figures = [capacity_chart(capacity, bound) for capacity in results.capacities]
    return render("capacity", results.run, content, charts=figures)
