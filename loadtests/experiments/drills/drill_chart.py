"""The chart of one drill over time: how lookups ended above, response times below."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from loadtests.experiments.drills.drill_figures import DrillFigures
from loadtests.experiments.figures.sampled_lookups import WITHOUT_VALUE, ended_in
from loadtests.experiments.records.samples_file import Samples
from loadtests.experiments.report.charts.chart_style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    RESULT_LOOKS,
    axis,
    chart,
    logarithmic,
)
from loadtests.service_under_test.contract import HIT_RESULTS

_MOST_BUCKETS = 80
_WIDTHS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
_FAULT = "#fbe3dc"
_UPPER, _LOWER = [0.54, 1], [0, 0.42]
"""Which part of the height each of the two plots takes."""


def drill_chart(drill: DrillFigures) -> go.Figure | None:
    """Draw a drill; the time of the fault is shaded. None if nothing was sampled."""
    record, samples = drill.record, drill.samples
    if samples is None or record.struck_at is None or record.opened_at is None:
        return None
    since = record.opened_at - record.struck_at
    samples = samples[samples["intended"] >= since]
    if not len(samples):
        return None
    ended = record.ended_at
    until = float(samples["intended"].max()) if ended is None else ended - record.struck_at
    if until - since < _WIDTHS[0]:
        return None
    width = next((w for w in _WIDTHS if (until - since) / w <= _MOST_BUCKETS), _WIDTHS[-1])
    edges = np.arange(since, until + 1e-6, width)  # A bucket that is cut short is left out.
    middles = [round(float(edge), 3) for edge in (edges[:-1] + edges[1:]) / 2]
    figure = chart(f"{record.name}: {record.about}", "per second", "seconds after the fault began")
    for name, words, colour, dash in (
        ("hits", HIT_RESULTS, RESULT_LOOKS["hit"].colour, "solid"),
        ("bypassed", ("bypass",), RESULT_LOOKS["bypass"].colour, "dash"),
        ("failed", WITHOUT_VALUE, RESULT_LOOKS["error"].colour, "dot"),
    ):
        rates = _per_second(samples[ended_in(samples, words)], edges, width)
        figure.add_scatter(x=middles, y=rates, **_line(name, "/s", colour, dash))
    times, reads = _store_reads(drill, since, until, width)
    figure.add_scatter(x=times, y=reads, **_line("store reads", "/s", INK, "dashdot"))
    medians, slowest = _response(samples, edges)
    for name, values, colour, dash in (
        ("median response", medians, BLUE, "dashdot"),
        ("slowest response", slowest, ORANGE, "solid"),
    ):
        figure.add_scatter(x=middles, y=values, yaxis="y2", **_line(name, " ms", colour, dash))
    figure.update_layout(
        yaxis={"domain": _UPPER, "rangemode": "tozero", "nticks": 5},
        yaxis2={"domain": _LOWER, **axis("ms"), **logarithmic([*medians, *slowest])},
        xaxis={"anchor": "y2"},
        shapes=_shapes(drill),
        height=400,
    )
    return figure


def _line(name: str, unit: str, colour: str, dash: str) -> dict[str, Any]:
    return {
        "name": name,
        "mode": "lines",
        "line": {"color": colour, "dash": dash, "width": 1.7},
        "hovertemplate": f"%{{y:.4~g}}{unit} at %{{x:~g}} s",
    }


def _per_second(samples: Samples, edges: NDArray[np.float64], width: float) -> list[float]:
    counts, _ = np.histogram(samples["intended"], edges)
    return [round(float(count) / width, 1) for count in counts]


def _store_reads(
    drill: DrillFigures, since: float, until: float, width: float
) -> tuple[list[float], list[float]]:
    """Return loads per second between readings at least a bucket apart, and their middles."""
    struck = drill.record.struck_at or 0.0
    times: list[float] = []
    rates: list[float] = []
    last = None
    for poll in drill.record.polls:
        if not since <= poll.at - struck <= until:
            continue
        if last is None:
            last = poll
        elif poll.at - last.at >= width:
            gap = poll.at - last.at
            times.append(round((poll.at + last.at) / 2 - struck, 3))
            rates.append(round((poll.store_reads - last.store_reads) / gap, 1))
            last = poll
    return times, rates


def _response(
    samples: Samples, edges: NDArray[np.float64]
) -> tuple[list[float | None], list[float | None]]:
    """Return the median and the slowest response in ms, bucket by bucket."""
    bucket = np.digitize(samples["intended"], edges) - 1
    medians: list[float | None] = []
    slowest: list[float | None] = []
    for index in range(len(edges) - 1):
        response = samples["response"][bucket == index]
        medians.append(round(float(np.median(response)) * 1000, 2) if len(response) else None)
        slowest.append(round(float(response.max()) * 1000, 2) if len(response) else None)
    return medians, slowest


def _shapes(drill: DrillFigures) -> list[dict[str, Any]]:
    """Return the shade of the fault, and a line where all was well again."""
    record = drill.record
    struck = record.struck_at or 0.0
    whole = {"y0": 0, "y1": 1, "yref": "paper"}
    shapes: list[dict[str, Any]] = []
    if record.healed_at is not None:
        box = {"type": "rect", "x0": 0, "x1": record.healed_at - struck, "layer": "below"}
        shapes.append({**box, **whole, "fillcolor": _FAULT, "line": {"width": 0}})
    if record.well_at is not None:
        at = record.well_at - struck
        style = {"color": GREY, "width": 1, "dash": "dot"}
        shapes.append({"type": "line", "x0": at, "x1": at, **whole, "line": style})
    return shapes
