"""Renders the report of a run: one HTML page that loads nothing from elsewhere, and Markdown."""

from typing import NamedTuple

import plotly.graph_objects as go

from loadtests.experiments.figures.axes.combinations import axis_names
from loadtests.experiments.figures.conclusions import store_sentence
from loadtests.experiments.figures.results import RunResults
from loadtests.experiments.figures.stampede.stampede_figures import COLD_KEY, StampedeResults
from loadtests.experiments.report.charts import stampede_chart, time_charts, ttl_charts
from loadtests.experiments.report.charts.axis_charts import axis_charts
from loadtests.experiments.report.doubt_groups import group_doubts
from loadtests.experiments.report.page_parts import (
    chart_fragment,
    environment,
    plotly_program,
    started_text,
)
from loadtests.experiments.report.stampede_table import stampede_grid, traffic_sentence
from loadtests.experiments.report.sweep_content import curve_of, sweep_content


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
    content = {"run": results.run, "started": started_text(results.run.started_at)}
    content |= sweep_content(results)
    drawn = [trial for trial in results.trials if trial.lookups]
    over_time = [
        time_charts.time_chart(trial, trial.series) for trial in results.trials if trial.series
    ]
    html = (
        environment(html=True)
        .get_template("sweep.html.jinja")
        .render(
            plotly=plotly_program(),
            charts=[chart_fragment(figure) for figure in (_over_axes(results) if drawn else [])],
            over_time=[chart_fragment(figure) for figure in over_time],
            **content,
        )
    )
    markdown = environment(html=False).get_template("sweep.md.jinja").render(**content)
    return Pages(html, markdown)


def render_stampede(results: StampedeResults) -> Pages:
    """Return the report of the stampede bench."""
    groups = group_doubts((mode, doubt) for mode in results.modes for doubt in mode.doubts)
    content = {
        "run": results.run,
        "started": started_text(results.run.started_at),
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
        environment(html=True)
        .get_template("stampede.html.jinja")
        .render(
            plotly=plotly_program(),
            charts=[chart_fragment(stampede_chart.loads_chart(results.modes))],
            **content,
        )
    )
    markdown = environment(html=False).get_template("stampede.md.jinja").render(**content)
    return Pages(html, markdown)


def _over_axes(results: RunResults) -> list[go.Figure]:
    if axis_names(results.trials):
        return axis_charts(results.trials)
    trials, curve = results.trials, curve_of(results)
    return [
        ttl_charts.hit_ratio_chart(trials, curve),
        ttl_charts.store_chart(trials, curve),
        ttl_charts.results_chart(trials),
        ttl_charts.all_lookups_chart(trials),
        ttl_charts.by_result_chart(trials, "response"),
        ttl_charts.by_result_chart(trials, "service"),
    ]
