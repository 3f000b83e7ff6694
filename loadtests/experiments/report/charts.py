"""The charts of a report; series differ by marker or dash as well as by colour."""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

import plotly.graph_objects as go

from loadtests.experiments.figures.stampede_figures import ModeFigures
from loadtests.experiments.figures.trial_figures import TrialFigures

BLUE, ORANGE, GREY = "#1f5fa8", "#c8551b", "#5b6470"
FADED = 0.4
_FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"

Interval = tuple[float | None, float | None, float | None]
Value = Callable[[TrialFigures], float | None]


def hit_ratio_chart(trials: Sequence[TrialFigures]) -> go.Figure:
    """Draw measured and predicted hit ratio and offload over TTL."""
    figure = _figure("Hit ratio and offload over TTL", "share of lookups", trials)
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%")
    hit_ratio = {
        **_points(BLUE, "circle"),
        **_error_bars((t.hit_ratio, t.hit_ratio_low, t.hit_ratio_high) for t in trials),
    }
    for name, attribute, style in (
        ("predicted hit ratio", "predicted_hit_ratio", _line(GREY, "diamond-open", "dash")),
        ("predicted offload", "predicted_offload_ratio", _line(GREY, "triangle-up-open", "dot")),
        ("offload", "offload_ratio", _points(ORANGE, "triangle-up")),
        ("hit ratio, 95 % interval", "hit_ratio", hit_ratio),
    ):
        _add(figure, trials, name, attrgetter(attribute), style)
    figure.update_traces(hovertemplate="%{y:.4f} at TTL %{x:g} s")
    return figure


def store_chart(trials: Sequence[TrialFigures]) -> go.Figure:
    """Draw measured and predicted queries of the store over TTL."""
    figure = _figure("Load on the store", "queries per second", trials)
    figure.update_yaxes(rangemode="tozero")
    queries = "store_queries_per_second"
    predicted = _line(GREY, "diamond-open", "dash")
    _add(figure, trials, "predicted", attrgetter(f"predicted_{queries}"), predicted)
    _add(figure, trials, "measured", attrgetter(queries), _points(ORANGE, "square"))
    figure.update_traces(hovertemplate="%{y:.1f}/s at TTL %{x:g} s")
    return figure


def latency_chart(trials: Sequence[TrialFigures], clock: str) -> go.Figure:
    """Draw latency percentiles of hits and misses over TTL.

    Args:
        trials: Figures of the trials to draw.
        clock: "response" from the intended start, or "service" from the send.
    """
    title = {"response": "Response time, from the intended start", "service": "Service time"}
    figure = _figure(title[clock], "milliseconds", trials)
    ticks = _log_ticks((1, 2, 5) if _narrow(trials, clock) else (1,))
    figure.update_yaxes(type="log", tickvals=ticks, ticktext=[f"{tick:g}" for tick in ticks])
    styles = {"p50": "circle", "p95": "square", "p99": "triangle-up"}
    for word, colour, dash in (("miss", ORANGE, "dash"), ("hit", BLUE, "solid")):
        for quantile, marker in reversed(styles.items()):
            _add(
                figure,
                trials,
                f"{word} {quantile}",
                _milliseconds(f"{word} {clock}", quantile),
                _line(colour, marker, dash),
            )
    opacity = [1.0 if trial.times_trusted else FADED for trial in trials]
    figure.update_traces(marker={"opacity": opacity})
    figure.update_traces(hovertemplate="%{y:.2f} ms at TTL %{x:g} s")
    return figure


def loads_chart(modes: Sequence[ModeFigures]) -> go.Figure:
    """Draw measured and predicted loads per refresh by protection."""
    figure = go.Figure()
    _lay_out(figure, "Loads per refresh of the hot key", "loads")
    names = [mode.protection for mode in modes]
    measured = [mode.loads_per_refresh for mode in modes]
    bars = _error_bars((mode.loads_per_refresh, mode.low, mode.high) for mode in modes)
    predicted = [mode.predicted for mode in modes]
    figure.add_scatter(x=names, y=predicted, name="theory", **_points(GREY, "diamond-open"))
    figure.add_scatter(
        x=names, y=measured, name="measured, 95 % interval", **_points(BLUE, "circle"), **bars
    )
    figure.update_yaxes(rangemode="tozero")
    figure.update_traces(hovertemplate="%{y:.2f} loads under %{x}")
    return figure


def _milliseconds(series: str, quantile: str) -> Value:
    def value(trial: TrialFigures) -> float | None:
        seconds = getattr(trial.percentiles[series], quantile)
        return None if seconds is None else seconds * 1000

    return value


def _log_ticks(steps: Sequence[int]) -> list[float]:
    """Return ticks in milliseconds; plotly's own would label 20 as 2."""
    return [step * 10.0**power for power in range(-2, 6) for step in steps]


def _narrow(trials: Sequence[TrialFigures], clock: str) -> bool:
    """Return whether the values span so little that a log axis needs ticks within a decade."""
    values = [
        _milliseconds(f"{word} {clock}", quantile)(trial) or 0.0
        for trial in trials
        for word in ("hit", "miss")
        for quantile in ("p50", "p99")
    ]
    positive = [value for value in values if value > 0]
    return not positive or max(positive) / min(positive) < 1000


def _figure(title: str, unit: str, trials: Sequence[TrialFigures]) -> go.Figure:
    figure = go.Figure()
    _lay_out(figure, title, unit)
    ttls = sorted({trial.ttl_seconds for trial in trials})
    figure.update_xaxes(
        title="TTL in seconds",
        type="log" if ttls and ttls[0] > 0 else "linear",
        tickvals=ttls,
        ticktext=[f"{ttl:g}" for ttl in ttls],
    )
    return figure


def _lay_out(figure: go.Figure, title: str, unit: str) -> None:
    figure.update_layout(
        title={"text": title, "x": 0, "xanchor": "left", "font": {"size": 16}},
        template="plotly_white",
        font={"family": _FONT, "size": 13, "color": "#1c2430"},
        margin={"l": 64, "r": 16, "t": 44, "b": 52},
        legend={"orientation": "h", "y": -0.22, "x": 0},
        height=400,
        hovermode="closest",
    )
    figure.update_yaxes(title=unit, gridcolor="#e6e9ee", automargin=True)


def _add(
    figure: go.Figure,
    trials: Sequence[TrialFigures],
    name: str,
    value: Value,
    style: dict[str, Any],
) -> None:
    """Add a series; an unknown value leaves a gap, and a series without values is left out."""
    values = [value(trial) for trial in trials]
    if any(found is not None for found in values):
        figure.add_scatter(x=[t.ttl_seconds for t in trials], y=values, name=name, **style)
        # Doubted trials fade, and so do the predictions for them.
        figure.data[-1].marker.opacity = [1.0 if t.trusted else FADED for t in trials]


def _error_bars(intervals: Iterable[Interval]) -> dict[str, Any]:
    """Return error bars for values with the low and high ends of their intervals."""
    known = list(intervals)
    return {
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [_distance(value, high) for value, _, high in known],
            "arrayminus": [_distance(value, low) for value, low, _ in known],
            "thickness": 1.5,
            "width": 6,
        }
    }


def _distance(ratio: float | None, edge: float | None) -> float:
    """Return the length of an error bar, 0 if one of its ends is unknown."""
    return 0.0 if ratio is None or edge is None else abs(edge - ratio)


def _points(colour: str, marker: str) -> dict[str, Any]:
    return {"mode": "markers", "marker": {"color": colour, "symbol": marker, "size": 10}}


def _line(colour: str, marker: str, dash: str) -> dict[str, Any]:
    return {
        "mode": "lines+markers",
        "line": {"color": colour, "dash": dash, "width": 2},
        "marker": {"color": colour, "symbol": marker, "size": 8},
    }
