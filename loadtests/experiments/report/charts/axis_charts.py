"""The charts of a plan with axes: one line for each combination, with its theory and replay."""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

import plotly.graph_objects as go

from loadtests.experiments.figures.percentiles import ALL
from loadtests.experiments.figures.pooled import pool
from loadtests.experiments.figures.trial_figures import TrialFigures
from loadtests.experiments.report.charts.axis_view import AxisView, Line, Place, view_of
from loadtests.experiments.report.charts.chart_style import (
    FADED,
    chart,
    error_bars,
    line,
    logarithmic,
    markers,
)
from loadtests.experiments.report.charts.ttl_charts import results_chart
from loadtests.experiments.report.charts.ttl_lines import DOUBTED, Value, milliseconds_of

_HEIGHT_OF_A_NAME = 11


class Drawn(NamedTuple):
    """One figure of a chart.

    Attributes:
        name: In the legend, in front of the combination.
        measured: Returns it for one trial.
        predicted: Returns what theory says; None draws none.
        hover: What hovering over a point shows, with %{y} for the value.
        trusted: Whether a trial counts.
    """

    name: str
    measured: Value
    predicted: Value | None
    hover: str
    trusted: Callable[[TrialFigures], bool] = attrgetter("trusted")


def axis_charts(trials: Sequence[TrialFigures]) -> list[go.Figure]:
    """Return the charts of the trials of a plan with axes."""
    view = view_of(trials)
    shares = {"range": [0, 1.02], "tickformat": ".0%"}
    ratio = Drawn(
        "hit ratio", attrgetter("hit_ratio"), attrgetter("predicted_hit_ratio"), "%{y:.4f}"
    )
    queries = "store_queries_per_second"
    store = Drawn("", attrgetter(queries), attrgetter(f"predicted_{queries}"), "%{y:.1f}/s")
    figures = [
        _chart(view, f"Hit ratio over {view.over}", "share of lookups", [ratio], shares),
        _chart(view, f"Load on the store over {view.over}", "queries per second", [store], _ZERO),
        results_chart(trials),
        _latencies(view, trials),
    ]
    if any(trial.stale_reads for trial in trials):
        stale = Drawn("stale reads", _stale, _predicted_stale, "%{y:.4f}")
        axis = {"rangemode": "tozero", "tickformat": ".1%"}
        title = f"Stale reads over {view.over}"
        figures.insert(1, _chart(view, title, "share of reads", [stale], axis))
    return figures


_ZERO = {"rangemode": "tozero"}


def _latencies(view: AxisView, trials: Sequence[TrialFigures]) -> go.Figure:
    drawn = [
        Drawn(
            name,
            milliseconds_of(ALL, "response", name),
            None,
            "%{y:.2f} ms",
            attrgetter("times_trusted"),
        )
        for name in ("p99", "p50")
    ]
    values = (each.measured(trial) for each in drawn for trial in trials)
    title = f"Response time of all lookups over {view.over}"
    return _chart(view, title, "milliseconds", drawn, logarithmic(values))


def _chart(
    view: AxisView, title: str, unit: str, drawn: Sequence[Drawn], y_axis: Mapping[str, object]
) -> go.Figure:
    figure = chart(title, unit, view.title)
    figure.update_xaxes(**view.scale())
    figure.update_yaxes(**y_axis)
    for number, each in enumerate(drawn):
        for one in view.lines:
            _add_measured(figure, view, one, each, dash="dash" if number else "solid")
            _add_predicted(figure, view, one, each)
    figure.update_layout(height=380 + _HEIGHT_OF_A_NAME * len(view.lines) * len(drawn))
    return figure


def _add_measured(figure: go.Figure, view: AxisView, one: Line, drawn: Drawn, *, dash: str) -> None:
    """Add a line through the means of trusted trials, and points for all others."""
    known = [(trial, value) for trial in one.trials if (value := drawn.measured(trial)) is not None]
    if not known:
        return
    counted: dict[Place, list[float]] = {place: [] for place in view.places}
    for trial, value in known:
        if drawn.trusted(trial):
            counted[view.place(trial)].append(value)
    means = [sum(values) / len(values) if values else None for values in counted.values()]
    ends = _intervals(view, one) if drawn.name == "hit ratio" else {}
    bars = [
        (mean, *ends.get(place, (None, None))) for place, mean in zip(counted, means, strict=True)
    ]
    name = ", ".join(filter(None, (drawn.name, one.name)))
    figure.add_scatter(
        x=view.places,
        y=means,
        name=name or "measured",
        legendgroup=name,
        hovertemplate=f"{drawn.hover} at %{{x}}",
        **line(one.look._replace(dash=dash)),
        **error_bars(bars),
    )
    alone = [
        (trial, value)
        for trial, value in known
        if not drawn.trusted(trial) or len(counted[view.place(trial)]) > 1
    ]
    if alone:
        _add_points(figure, view, alone, one, drawn)


def _add_points(
    figure: go.Figure,
    view: AxisView,
    points: Sequence[tuple[TrialFigures, float]],
    one: Line,
    drawn: Drawn,
) -> None:
    trusted = [drawn.trusted(trial) for trial, _ in points]
    figure.add_scatter(
        x=[view.place(trial) for trial, _ in points],
        y=[value for _, value in points],
        legendgroup=", ".join(filter(None, (drawn.name, one.name))),
        showlegend=False,
        mode="markers",
        marker={
            "color": one.look.colour,
            "size": [6 if each else 9 for each in trusted],
            "symbol": [one.look.marker if each else DOUBTED for each in trusted],
            "opacity": [FADED if each else 1.0 for each in trusted],
        },
        text=[
            f"trial {trial.number}{'' if each else ', doubted'}"
            for (trial, _), each in zip(points, trusted, strict=True)
        ],
        hovertemplate=f"{drawn.hover} at %{{x}}, %{{text}}",
    )


def _add_predicted(figure: go.Figure, view: AxisView, one: Line, drawn: Drawn) -> None:
    """Add theory as open markers in the colour of the line."""
    if drawn.predicted is None:
        return
    known = [
        (view.place(trial), value)
        for trial in one.trials
        if (value := drawn.predicted(trial)) is not None
    ]
    if known:
        figure.add_scatter(
            x=[place for place, _ in known],
            y=[value for _, value in known],
            name=", ".join(filter(None, ("theory", one.name))),
            hovertemplate=f"{drawn.hover} by theory at %{{x}}",
            **markers(one.look._replace(marker="diamond-open"), 11),
        )


def _intervals(view: AxisView, one: Line) -> dict[Place, tuple[float, float]]:
    by_place: dict[Place, list[TrialFigures]] = {}
    for trial in one.trials:
        by_place.setdefault(view.place(trial), []).append(trial)
    pooled = {place: pool(trials) for place, trials in by_place.items()}
    return {place: (found[0].low, found[0].high) for place, found in pooled.items() if found}


def _stale(trial: TrialFigures) -> float | None:
    return trial.stale_reads.stale_ratio if trial.stale_reads else None


def _predicted_stale(trial: TrialFigures) -> float | None:
    found = trial.stale_reads
    return found.predicted.stale_ratio if found and found.predicted else None
