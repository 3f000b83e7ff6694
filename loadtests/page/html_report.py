"""Adds the chart of the hit ratio and the tables of the Cache tab to Locust's HTML report."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import locust.html
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from loadtests.page.cache_table import COLUMNS, MEANINGS, Line, result_rows, run_lines
from loadtests.page.hit_ratio.hit_ratio_chart import NARROW, WIDE, hit_ratio_chart
from loadtests.page.hit_ratio.hit_ratio_series import series_of
from loadtests.page.run_pages import ShownRun
from loadtests.page.snapshot import View

_HERE = Path(__file__).parent
_REPORT = "report.html"

Lines = Callable[[View], list[Line]]


def add_to_html_report(run: ShownRun, lines: Lines = run_lines) -> None:
    """Add our section to each HTML report that Locust makes from now on.

    Args:
        run: What it shows.
        lines: Returns the lines about the run as a whole.
    """
    render = locust.html.render_template_from

    def render_with_section(file: str, *args: object, **values: Any) -> str:  # noqa: ANN401 - theirs
        page = str(render(file, *args, **values))  # type: ignore[no-untyped-call]
        if file != _REPORT:
            return page
        run.update()
        head, end, tail = page.rpartition("</body>")
        return f"{head}{report_section(run.view, lines)}{end}{tail}"

    locust.html.render_template_from = render_with_section


def report_section(view: View, lines: Lines = run_lines) -> str:
    """Return the section as HTML that loads nothing from elsewhere."""
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined
    )
    series = series_of(view)
    return environment.get_template("report_section.html.jinja").render(
        style=Markup((_HERE / "scripts" / "page.css").read_text(encoding="utf-8")),  # noqa: S704
        wide=Markup(hit_ratio_chart(series, WIDE)),  # noqa: S704 - its texts are escaped
        narrow=Markup(hit_ratio_chart(series, NARROW)),  # noqa: S704
        run=lines(view),
        columns=COLUMNS,
        results=result_rows(view),
        meanings=MEANINGS,
    )
