"""The chart of the stampede bench."""

from collections.abc import Sequence

import plotly.graph_objects as go

from loadtests.experiments.figures.stampede.stampede_figures import ModeFigures
from loadtests.experiments.report.charts.chart_style import (
    BLUE,
    FADED,
    GREY,
    Look,
    chart,
    error_bars,
    markers,
)


def loads_chart(modes: Sequence[ModeFigures]) -> go.Figure:
    """Draw measured and predicted loads per refresh by protection."""
    figure = chart("Loads per refresh of the hot key", "loads")
    names = [mode.protection for mode in modes]
    measured = [mode.loads_per_refresh for mode in modes]
    bars = error_bars((mode.loads_per_refresh, mode.low, mode.high) for mode in modes)
    predicted = [mode.predicted for mode in modes]
    figure.add_scatter(
        x=names, y=predicted, name="theory", **markers(Look(GREY, "diamond-open"), 12)
    )
    figure.add_scatter(
        x=names, y=measured, name="measured, 95 % interval", **markers(Look(BLUE, "circle")), **bars
    )
    figure.data[-1].marker.opacity = [1.0 if mode.trusted else FADED for mode in modes]
    figure.update_yaxes(rangemode="tozero")
    figure.update_traces(hovertemplate="%{y:.2f} loads under %{x}")
    return figure
