"""The table of drills within a page of Markdown, such as docs/drills.md."""

from pathlib import Path

from loadtests.experiments.drills.drill_figures import load_drills
from loadtests.experiments.drills.drill_table import doubt_sentences, drill_grid, load_sentence
from loadtests.experiments.records.records import load_run
from loadtests.experiments.report.page_parts import environment
from loadtests.output.marked_text import replace_between

BEGIN, END = "<!-- drills: written by make drills -->\n", "<!-- end of drills -->\n"


def has_marks(page: Path) -> bool:
    """Return whether a page has the two lines between which the table belongs; raise OSError."""
    text = page.read_text(encoding="utf-8")
    return 0 <= text.find(BEGIN) < text.find(END)


def write_table(page: Path, folder: Path) -> None:
    """Replace the table of a page by that of a run.

    Args:
        page: It has both marks.
        folder: The run's.

    Raises:
        RecordError: The folder does not hold a run.
        OSError: The page cannot be written.
    """
    run = load_run(folder)
    results = load_drills(folder, run)
    grid = environment(html=False).get_template("grid.md.jinja").make_module()
    drawn = str(grid.table(drill_grid(results.drills))).strip()  # type: ignore[attr-defined]
    table = "\n".join(line.rstrip() for line in drawn.splitlines())
    doubts = "".join(f"\n* {doubt}" for doubt in doubt_sentences(results.drills))
    text = f"{load_sentence(results)} {run.store_name}, {run.machine}.\n\n{table}\n"
    if doubts:
        text += f"\nDoubts about response times:\n{doubts}\n"
    replace_between(page, BEGIN, END, text)
