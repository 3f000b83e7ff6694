"""The chart of one trial over time: hit ratio above, response time below."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from loadtests.experiments.figures.time_series import TimeSeries
from loadtests.experiments.figures.trial_figures import TrialFigures
from loadtests.experiments.plan.axes import values_text
from loadtests.experiments.report.charts.chart_style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    axis,
    chart,
    logarithmic,
)

_WINDOW = "#e8eef6"
_UPPER, _LOWER = [0.56, 1], [0, 0.44]
"""Which part of the height each of the two plots takes."""


def time_chart(trial: TrialFigures, series: TimeSeries) -> go.Figure:
    """Draw a trial over time; its measured window is shaded."""
    doubted = "" if trial.trusted else ", doubted"
    setting = f"{values_text(trial.values)}, " if trial.values else ""
    title = f"{setting}TTL {trial.ttl_seconds:g} s, trial {trial.number}{doubted}"
    figure = chart(title, "hit ratio", "seconds after the first lookup")
    measured = [None if ratio is None else round(ratio, 4) for ratio in series.hit_ratio]
    # The middle of each bucket: two numbers, where a list would double the size of the report.
    places = {"x0": series.width_seconds / 2, "dx": series.width_seconds}
    figure.add_scatter(y=measured, **places, **_line("hit ratio", BLUE, "solid"))
    for name, ratio, colour, dash in (
        ("theory", trial.predicted_hit_ratio, GREY, "dash"),
        ("replay", trial.replayed_hit_ratio, INK, "dot"),
    ):
        if ratio is not None:
            figure.add_scatter(
                x=_span(series), y=[round(ratio, 4)] * 2, **_line(name, colour, dash)
            )
    middle, slowest = map(_milliseconds, (series.median_seconds, series.slowest_seconds))
    for name, values, colour, dash in (
        ("median response", middle, BLUE, "dashdot"),
        ("slowest response", slowest, ORANGE, "solid"),
    ):
        figure.add_scatter(y=values, yaxis="y2", **places, **_line(name, colour, dash))
    figure.update_layout(
        yaxis={"domain": _UPPER, "range": [0, 1.02], "tickformat": ".0%", "nticks": 5},
        yaxis2={"domain": _LOWER, **axis("ms"), **logarithmic([*middle, *slowest])},
        xaxis={"anchor": "y2"},
        shapes=[_shade(series.opens, series.closes)] if series.opens is not None else [],
        height=360,
    )
    return figure


def _line(name: str, colour: str, dash: str) -> dict[str, Any]:
    unit = " ms" if name.endswith("response") else ""
    return {
        "name": name,
        "mode": "lines",
        "line": {"color": colour, "dash": dash, "width": 1.5},
        "hovertemplate": f"%{{y:.4~g}}{unit} at %{{x:~g}} s",
    }


def _span(series: TimeSeries) -> list[float]:
    """Return the ends of the time for which a ratio is expected as a whole."""
    if series.opens is None or series.closes is None:
        return [0.0, len(series.hit_ratio) * series.width_seconds]
    return [series.opens, series.closes]


def _shade(opens: float, closes: float | None) -> dict[str, Any]:
    return {
        "type": "rect",
        "x0": opens,
        "x1": closes,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "layer": "below",
        "fillcolor": _WINDOW,
        "line": {"width": 0},
    }


def _milliseconds(seconds: Sequence[float | None]) -> list[float | None]:
    return [None if value is None else round(value * 1000, 2) for value in seconds]
