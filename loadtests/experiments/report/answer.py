"""Makes the answer of a run from its records: tables, JSON, report.html, report.md, trials.csv."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from loadtests.experiments.figures import results
from loadtests.experiments.figures.stampede import stampede_figures
from loadtests.experiments.records.record_file import refuse_damage
from loadtests.experiments.records.records import STAMPEDE, RunRecord, load_run
from loadtests.experiments.report.pages import Pages, render_stampede, render_sweep
from loadtests.experiments.report.stampede_table import stampede_tables
from loadtests.experiments.report.table import run_tables
from loadtests.experiments.report.trials_csv import trials_csv
from loadtests.output.json_file import write_json
from loadtests.output.whole_file import write_whole


@dataclass(frozen=True, slots=True)
class Answer:
    """What a run found.

    Attributes:
        tables: For the terminal.
        content: For `--json`.
        page: The report, an HTML file.
        aborted: Whether a trial was aborted.
    """

    tables: RenderableType
    content: dict[str, Any]
    page: Path
    aborted: bool


def answer_run(folder: Path) -> Answer:
    """Work out the figures of a run, write its report, and return its answer.

    Raises:
        RecordError: The folder does not hold a run.
        OSError: The report cannot be written.
    """
    run = load_run(folder)
    with refuse_damage(folder):
        return _stampede(folder, run) if run.kind == STAMPEDE else _sweep(folder)


def _sweep(folder: Path) -> Answer:
    found = results.load_results(folder)
    page = write_pages(folder, render_sweep(found))
    write_whole(folder / "trials.csv", trials_csv(found))
    aborted = any(record.aborted for record in found.records.values())
    return Answer(run_tables(found), results.as_json(found, page), page, aborted)


def _stampede(folder: Path, run: RunRecord) -> Answer:
    found = stampede_figures.load_stampede(folder, run)
    page = write_pages(folder, render_stampede(found))
    content = stampede_figures.as_json(found)
    write_json(folder / "stampede.json", content)
    return Answer(stampede_tables(found), content, page, any(mode.aborted for mode in found.modes))


def write_pages(folder: Path, pages: Pages) -> Path:
    """Write both forms of the report; return the path of the HTML page."""
    write_whole(folder / "report.md", pages.markdown)
    page = folder / "report.html"
    write_whole(page, pages.html)
    return page
