"""Renders the report of a run: one HTML page that loads nothing from elsewhere, and Markdown."""

import time
from pathlib import Path
from typing import NamedTuple

import plotly.graph_objects as go
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from loadtests.experiments.figures.conclusions import store_sentence
from loadtests.experiments.figures.results import RunResults
from loadtests.experiments.figures.stampede_figures import COLD_KEY, StampedeResults
from loadtests.experiments.report import stampede_chart, time_charts, ttl_charts
from loadtests.experiments.report.doubt_groups import group_doubts
from loadtests.experiments.report.stampede_table import stampede_grid, traffic_sentence
from loadtests.experiments.report.sweep_content import curve_of, sweep_content
from loadtests.output.figure_text import milliseconds_text, number_text

TEMPLATES = Path(__file__).parent / "templates"
PLOTLY_JS = Path(__file__).parent / "plotly_js" / "plotly-basic.min.js"


class Pages(NamedTuple):
    """The report of a run in two forms.

    Attributes:
        html: With charts.
        markdown: For a pull request, without charts.
    """

    html: str
    markdown: str


def render_sweep(results: RunResults) -> Pages:
    """Return the report of a sweep."""
    content = {"run": results.run, "started": _started(results.run.started_at)}
    content |= sweep_content(results)
    drawn = [trial for trial in results.trials if trial.lookups]
    over_time = [
        time_charts.time_chart(trial, trial.series) for trial in results.trials if trial.series
    ]
    html = (
        _environment(html=True)
        .get_template("sweep.html.jinja")
        .render(
            plotly=_plotly(),
            charts=[_fragment(figure) for figure in (_over_ttl(results) if drawn else [])],
            over_time=[_fragment(figure) for figure in over_time],
            **content,
        )
    )
    markdown = _environment(html=False).get_template("sweep.md.jinja").render(**content)
    return Pages(html, markdown)


def render_stampede(results: StampedeResults) -> Pages:
    """Return the report of the stampede bench."""
    groups = group_doubts((mode, doubt) for mode in results.modes for doubt in mode.doubts)
    content = {
        "run": results.run,
        "started": _started(results.run.started_at),
        "store": store_sentence(results.run),
        "damaged": results.damaged,
        "modes": results.modes,
        "grid": stampede_grid(results.modes),
        "traffic": traffic_sentence(results),
        "cold_key": COLD_KEY,
        "doubts": [
            (", ".join(mode.protection for mode in each.subjects), each.doubt) for each in groups
        ],
    }
    html = (
        _environment(html=True)
        .get_template("stampede.html.jinja")
        .render(
            plotly=_plotly(),
            charts=[_fragment(stampede_chart.loads_chart(results.modes))],
            **content,
        )
    )
    markdown = _environment(html=False).get_template("stampede.md.jinja").render(**content)
    return Pages(html, markdown)


def _over_ttl(results: RunResults) -> list[go.Figure]:
    trials, curve = results.trials, curve_of(results)
    return [
        ttl_charts.hit_ratio_chart(trials, curve),
        ttl_charts.store_chart(trials, curve),
        ttl_charts.results_chart(trials),
        ttl_charts.all_lookups_chart(trials),
        ttl_charts.by_result_chart(trials, "response"),
        ttl_charts.by_result_chart(trials, "service"),
    ]


def _environment(*, html: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=html,  # noqa: S701 - Markdown has its own escapes, see _plain
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "ms": milliseconds_text,
        "rate": number_text,
        "sentence": lambda text: f"{_capitalised(text)}.",
        "capitalised": _capitalised,
        "plain": _plain,
    }
    return environment


def _plotly() -> Markup:
    return Markup(PLOTLY_JS.read_text("utf-8"))  # noqa: S704 - the library's own program


def _fragment(figure: go.Figure) -> Markup:
    """Return a chart as HTML; its title is a heading of the page, where it wraps."""
    heading = Markup("<h3>{}</h3>").format(figure.layout.title.text)
    html = figure.update_layout(title=None).to_html(
        full_html=False,
        include_plotlyjs=False,
        config={"displaylogo": False, "responsive": True, "displayModeBar": False},
    )
    return heading + Markup(html)  # noqa: S704 - plotly made it from numbers


def _started(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


def _capitalised(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _plain(text: object) -> str:
    """Return a text that Markdown shows as it is, also in a cell of a table."""
    shown = " ".join(str(text).split())
    for sign in "\\`*_[]<>|~":
        shown = shown.replace(sign, f"\\{sign}")
    return shown
