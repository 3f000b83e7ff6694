"""The chart of a search for capacity: response times over the arrival rate, and the bound."""

import math
import statistics
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from loadtests.experiments.capacity.capacity_figures import Capacity, StepFigures
from loadtests.experiments.capacity.capacity_table import MARKS
from loadtests.experiments.figures.results import rounded_milliseconds
from loadtests.experiments.report.charts.chart_style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    chart,
    logarithmic,
)

_ROOM_FOR_NAMES = 4.0
"""Times the slowest p99: the names of the marks stand above all points."""

_SYMBOLS = {"holds": "circle", "breaks": "x", "unsure": "diamond-open"}


def capacity_chart(capacity: Capacity, bound_seconds: float) -> go.Figure:
    """Draw p99 and median over the rate; the bound is a line, and so is each mark."""
    steps = sorted(capacity.steps, key=lambda each: each.record.rate)
    rates = [step.record.rate for step in steps]
    figure = chart(f"Response time over the rate, {capacity.goal}", "ms", "lookups per second")
    of_steps = [rounded_milliseconds(step.p99_seconds) for step in steps]
    for name, seconds, colour, dash in (
        ("p99", [step.p99_seconds for step in steps], ORANGE, "solid"),
        ("p99 from sending", [step.service_p99_seconds for step in steps], GREY, "dash"),
        ("median", [step.p50_seconds for step in steps], BLUE, "dashdot"),
    ):
        times = _by_rate(rates, seconds)
        figure.add_scatter(x=list(times), y=list(times.values()), **_line(name, colour, dash))
    figure.add_scatter(x=rates, y=of_steps, **_points(steps))
    drawn = [bound_seconds * 1000, *(time for each in figure.data for time in each.y if time)]
    room = {"range": [math.log10(min(drawn) / 1.5), math.log10(max(drawn) * _ROOM_FOR_NAMES)]}
    figure.update_yaxes(**logarithmic(drawn), **room)
    figure.update_xaxes(**logarithmic(rates))
    figure.update_layout(shapes=_shapes(capacity, bound_seconds), annotations=_names(capacity))
    return figure


def _by_rate(rates: Sequence[float], seconds: Sequence[float | None]) -> dict[float, float | None]:
    """Return a time in ms for each rate: the middle one of the steps at this rate."""
    known: dict[float, list[float]] = {}
    for rate, value in zip(rates, seconds, strict=True):
        known.setdefault(rate, []).extend([] if value is None else [value])
    return {
        rate: rounded_milliseconds(statistics.median(values) if values else None)
        for rate, values in known.items()
    }


def _line(name: str, colour: str, dash: str) -> dict[str, Any]:
    return {
        "name": name,
        "mode": "lines",
        "line": {"color": colour, "dash": dash, "width": 1.7},
        "hovertemplate": "%{y:.4~g} ms at %{x:~g}/s",
    }


def _points(steps: Sequence[StepFigures]) -> dict[str, Any]:
    """Return the style of the steps' own p99, whose symbols are the verdicts."""
    symbols = [_SYMBOLS[step.judgement.verdict] for step in steps]
    return {
        "name": "p99 of each step",
        "mode": "markers",
        "showlegend": False,
        "marker": {"color": ORANGE, "symbol": symbols, "size": 9},
        "text": [step.judgement.verdict for step in steps],
        "hovertemplate": "%{y:.4~g} ms at %{x:~g}/s: %{text}",
    }


def _shapes(capacity: Capacity, bound_seconds: float) -> list[dict[str, Any]]:
    bound = bound_seconds * 1000
    line = {"type": "line", "line": {"color": INK, "width": 1, "dash": "dash"}}
    across = {"xref": "paper", "x0": 0, "x1": 1, "y0": bound, "y1": bound}
    marks = [rate for rate in capacity.marks.values() if rate is not None]
    up = {"type": "line", "line": {"color": GREY, "width": 1, "dash": "dot"}, "yref": "paper"}
    return [
        {**line, **across},
        *({**up, "y0": 0, "y1": 1, "x0": rate, "x1": rate} for rate in sorted(set(marks))),
    ]


def _names(capacity: Capacity) -> list[dict[str, Any]]:
    """Return the names of the marks, those of one rate together."""
    at: dict[float, list[str]] = {}
    for name, rate in capacity.marks.items():
        if rate is not None:
            at.setdefault(rate, []).append(MARKS[name])
    # On a logarithmic axis an annotation stands at the logarithm, unlike a shape.
    return [
        {
            "x": math.log10(rate),
            "y": 1,
            "yref": "paper",
            "yanchor": "top",
            "xanchor": "right",
            "text": "<br>".join(names),
            "showarrow": False,
            "font": {"size": 11, "color": GREY},
        }
        for rate, names in at.items()
    ]
