"""The chart of a search for capacity: response times over the arrival rate, and the bound."""

import math
from typing import Any

import plotly.graph_objects as go

from loadtests.experiments.capacity.capacity_figures import Capacity
from loadtests.experiments.capacity.capacity_table import MARKS
from loadtests.experiments.report.charts.chart_style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    chart,
    logarithmic,
)

_SYMBOLS = {"holds": "circle", "breaks": "x", "unsure": "diamond-open"}


def capacity_chart(capacity: Capacity, bound_seconds: float) -> go.Figure:
    """Draw p99 and median over the rate; the bound is a line, and so is each mark."""
    steps = sorted(capacity.steps, key=lambda each: (each.record.rate, each.record.number))
    rates = [step.record.rate for step in steps]
    figure = chart(f"Response time over the rate, {capacity.goal}", "ms", "lookups per second")
    shown: list[float | None] = [bound_seconds * 1000]
    for name, seconds, colour, dash in (
        ("p99", [step.p99_seconds for step in steps], ORANGE, "solid"),
        ("p99 from sending", [step.service_p99_seconds for step in steps], GREY, "dash"),
        ("median", [step.p50_seconds for step in steps], BLUE, "dashdot"),
    ):
        times = [_milliseconds(each) for each in seconds]
        shown += times
        figure.add_scatter(x=rates, y=times, **_line(name, colour, dash))
    figure.data[0].marker.symbol = [_SYMBOLS[step.judgement.verdict] for step in steps]
    figure.update_yaxes(**logarithmic(shown))
    figure.update_xaxes(**logarithmic(rates))
    figure.update_layout(shapes=_shapes(capacity, bound_seconds), annotations=_names(capacity))
    return figure


def _line(name: str, colour: str, dash: str) -> dict[str, Any]:
    return {
        "name": name,
        "mode": "lines+markers",
        "line": {"color": colour, "dash": dash, "width": 1.7},
        "marker": {"color": colour, "size": 8 if name == "p99" else 4},
        "hovertemplate": "%{y:.4~g} ms at %{x:~g}/s",
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


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)
