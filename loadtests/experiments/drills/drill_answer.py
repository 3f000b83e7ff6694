"""Makes the answer of a run of drills from its records: table, JSON, report.html and report.md."""

from pathlib import Path

from loadtests.experiments.drills.drill_chart import drill_chart
from loadtests.experiments.drills.drill_figures import DrillResults, load_drills
from loadtests.experiments.drills.drill_json import as_json
from loadtests.experiments.drills.drill_table import (
    doubt_sentences,
    drill_grid,
    drill_sentences,
    drill_tables,
    load_sentence,
)
from loadtests.experiments.figures.conclusions import store_sentence
from loadtests.experiments.records.record_file import refuse_damage
from loadtests.experiments.records.records import RunRecord
from loadtests.experiments.report.answer import Answer, write_pages
from loadtests.experiments.report.pages import Pages, render


def answer_drills(folder: Path, run: RunRecord) -> Answer:
    """Work out the figures of a run, write its report, and return its answer.

    Raises:
        OSError: The report cannot be written.
    """
    results = load_drills(folder, run)
    with refuse_damage(folder):
        page = write_pages(folder, render_drills(results))
        content = {**as_json(results), "report": str(page)}
        return Answer(drill_tables(results), content, page, any(d.aborted for d in results.drills))


def render_drills(results: DrillResults) -> Pages:
    """Return the report of a run of drills."""
    content = {
        "store": store_sentence(results.run),
        "damaged": results.damaged,
        "sentences": drill_sentences(results.drills),
        "load": load_sentence(results),
        "grid": drill_grid(results.drills),
        "doubts": doubt_sentences(results.drills),
    }
    drawn = [figure for drill in results.drills if (figure := drill_chart(drill)) is not None]
    return render("drill", results.run, content, charts=drawn)
