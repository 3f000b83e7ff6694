"""Renders the report of a run: one HTML page that loads nothing from elsewhere, and Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from loadtests.experiments.figures.axes.combinations import axis_names
from loadtests.experiments.figures.conclusions import store_sentence
from loadtests.experiments.figures.results import RunResults
from loadtests.experiments.figures.stampede.stampede_figures import COLD_KEY, StampedeResults
from loadtests.experiments.records.records import RunRecord
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


def render(
    template: str, run: RunRecord, content: Mapping[str, Any], **charts: Sequence[go.Figure]
) -> Pages:
    """Return the report of a run.

    Args:
        template: The name of its two templates.
        run: What the report is about.
        content: What both forms show of it besides.
        charts: Those of the HTML page, by their names in its template.
    """
    content = {"run": run, "started": started_text(run.started_at), **content}
    drawn = {name: [chart_fragment(each) for each in figures] for name, figures in charts.items()}
    html = environment(html=True).get_template(f"{template}.html.jinja")
    markdown = environment(html=False).get_template(f"{template}.md.jinja")
    return Pages(
        html.render(plotly=plotly_program(), **drawn, **content), markdown.render(**content)
    )


def render_sweep(results: RunResults) -> Pages:
    """Return the report of a sweep."""
    drawn = [trial for trial in results.trials if trial.lookups]
    over_time = [
        time_charts.time_chart(trial, trial.series) for trial in results.trials if trial.series
    ]
    return render(
        "sweep",
        results.run,
        sweep_content(results),
        charts=_over_axes(results) if drawn else [],
        over_time=over_time,
    )


def render_stampede(results: StampedeResults) -> Pages:
    """Return the report of the stampede bench."""
    groups = group_doubts((mode, doubt) for mode in results.modes for doubt in mode.doubts)
    content = {
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
    return render(
        "stampede", results.run, content, charts=[stampede_chart.loads_chart(results.modes)]
    )


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
