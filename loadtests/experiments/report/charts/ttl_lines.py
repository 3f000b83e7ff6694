"""The lines of a chart over TTL: means of trusted trials, points of single ones, theory, replay."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import NamedTuple

import plotly.graph_objects as go

from loadtests.experiments.figures.results import rounded_milliseconds
from loadtests.experiments.figures.theory_curve import CurvePoint
from loadtests.experiments.figures.trial_figures import TrialFigures
from loadtests.experiments.report.charts.chart_style import (
    FADED,
    INK,
    Look,
    chart,
    error_bars,
    line,
    markers,
)

DOUBTED = "x-thin-open"
"""The symbol of a doubted trial."""

Predicted = TrialFigures | CurvePoint
Value = Callable[[TrialFigures], float | None]


class Series(NamedTuple):
    """One measured figure over TTL.

    Attributes:
        name: In the legend.
        value: Returns it for one trial.
        look: How it is drawn.
        hover: What hovering over a point shows, with %{y} for the value.
    """

    name: str
    value: Value
    look: Look
    hover: str


def milliseconds_of(word: str, clock: str, quantile: str) -> Value:
    """Return what tells a percentile of a trial in milliseconds."""

    def value(trial: TrialFigures) -> float | None:
        return rounded_milliseconds(getattr(trial.percentiles[f"{word} {clock}"], quantile))

    return value


def ttl_chart(title: str, unit: str, trials: Sequence[TrialFigures]) -> go.Figure:
    """Return a chart over TTL without series, with a tick for each TTL measured."""
    figure = chart(title, unit, "TTL in seconds")
    ttls = sorted({trial.ttl_seconds for trial in trials})
    figure.update_xaxes(
        type="log" if ttls and ttls[0] > 0 else "linear",
        tickvals=ttls,
        ticktext=[f"{ttl:g}" for ttl in ttls],
    )
    return figure


def add_series(
    figure: go.Figure,
    trials: Sequence[TrialFigures],
    series: Series,
    bars: dict[float, tuple[float, float]] | None = None,
    trusted: Callable[[TrialFigures], bool] = attrgetter("trusted"),
) -> None:
    """Add a line through the means of trusted trials, which breaks where there is none.

    Repetitions and doubted trials are points of their own beside it. A series without values is
    left out.

    Args:
        figure: The chart.
        trials: All trials.
        series: What to draw.
        bars: Low and high end of the interval of each TTL's mean.
        trusted: Whether a trial counts.
    """
    known = [(trial, value) for trial in trials if (value := series.value(trial)) is not None]
    if not known:
        return
    ttls = sorted({trial.ttl_seconds for trial in trials})
    counted = {
        ttl: [value for trial, value in known if trial.ttl_seconds == ttl and trusted(trial)]
        for ttl in ttls
    }
    means = [sum(values) / len(values) if values else None for values in counted.values()]
    ends = [(bars or {}).get(ttl, (None, None)) for ttl in ttls]
    figure.add_scatter(
        x=ttls,
        y=means,
        name=series.name,
        legendgroup=series.name,
        hovertemplate=f"{series.hover} at TTL %{{x:~g}} s",
        **line(series.look),
        **error_bars((mean, *each) for mean, each in zip(means, ends, strict=True)),
    )
    alone = [
        (trial, value)
        for trial, value in known
        if not trusted(trial) or len(counted[trial.ttl_seconds]) > 1
    ]
    if alone:
        _add_points(figure, series, alone, trusted)


def _add_points(
    figure: go.Figure,
    series: Series,
    points: Sequence[tuple[TrialFigures, float]],
    trusted: Callable[[TrialFigures], bool],
) -> None:
    figure.add_scatter(
        x=[trial.ttl_seconds for trial, _ in points],
        y=[value for _, value in points],
        name=series.name,
        legendgroup=series.name,
        showlegend=False,
        mode="markers",
        marker={
            "color": series.look.colour,
            "size": [6 if trusted(trial) else 9 for trial, _ in points],
            "symbol": [series.look.marker if trusted(trial) else DOUBTED for trial, _ in points],
            "opacity": [FADED if trusted(trial) else 1.0 for trial, _ in points],
        },
        text=[
            f"trial {trial.number}{'' if trusted(trial) else ', doubted'}" for trial, _ in points
        ],
        hovertemplate=f"{series.hover} at TTL %{{x:~g}} s, %{{text}}",
    )


def add_theory(
    figure: go.Figure,
    predicted: Sequence[Predicted],
    name: str,
    attribute: str,
    look: Look,
) -> None:
    """Add what theory predicts: a curve between TTLs, or one point for each trial."""
    values = [getattr(each, f"predicted_{attribute}") for each in predicted]
    if any(value is not None for value in values):
        between = isinstance(predicted[0], CurvePoint)
        figure.add_scatter(
            x=[each.ttl_seconds for each in predicted],
            y=values,
            name=name,
            hovertemplate="%{y:.4~g} at TTL %{x:.3~g} s",
            **(line(look) | {"mode": "lines"} if between else markers(look)),
        )


def add_replay(figure: go.Figure, trials: Sequence[TrialFigures]) -> None:
    """Add the hit ratio of each trial that was replayed."""
    known = [trial for trial in trials if trial.replayed_hit_ratio is not None]
    if known:
        figure.add_scatter(
            x=[trial.ttl_seconds for trial in known],
            y=[trial.replayed_hit_ratio for trial in known],
            name="replay, hit ratio",
            hovertemplate="%{y:.4f} at TTL %{x:~g} s",
            **markers(Look(INK, "cross-thin-open"), 12),
        )
