"""The charts of a sweep over TTL: measured, replayed and predicted."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import plotly.graph_objects as go

from loadtests.experiments.figures.axes.combinations import axis_names
from loadtests.experiments.figures.percentiles import ALL, CLOCKS, TIMED
from loadtests.experiments.figures.pooled import pool
from loadtests.experiments.figures.theory_curve import CurvePoint
from loadtests.experiments.figures.trial_figures import TrialFigures
from loadtests.experiments.plan.axes import value_text
from loadtests.experiments.report.charts.chart_style import (
    BLUE,
    FADED,
    GREY,
    INK,
    ORANGE,
    RESULT_LOOKS,
    Look,
    chart,
    logarithmic,
)
from loadtests.experiments.report.charts.ttl_lines import (
    Series,
    add_replay,
    add_series,
    add_theory,
    milliseconds_of,
    ttl_chart,
)
from loadtests.service_under_test.contract import SERVICE_RESULTS, UNKNOWN_RESULT


def hit_ratio_chart(trials: Sequence[TrialFigures], curve: Sequence[CurvePoint]) -> go.Figure:
    """Draw hit ratio and offload over TTL: measured, replayed and predicted."""
    figure = ttl_chart("Hit ratio and offload over TTL", "share of lookups", trials)
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%")
    dashed, dotted = Look(GREY, "diamond-open", "dash"), Look(GREY, "triangle-up-open", "dot")
    add_theory(figure, curve or trials, "theory, hit ratio", "hit_ratio", dashed)
    add_theory(figure, curve or trials, "theory, offload", "offload_ratio", dotted)
    for name, attribute, look in (
        ("offload", "offload_ratio", Look(ORANGE, "triangle-up")),
        ("hit ratio, 95 % interval", "hit_ratio", Look(BLUE, "circle")),
    ):
        bars = _pooled_bars(trials) if attribute == "hit_ratio" else {}
        add_series(figure, trials, Series(name, attrgetter(attribute), look, "%{y:.4f}"), bars)
    add_replay(figure, trials)
    return figure


def store_chart(trials: Sequence[TrialFigures], curve: Sequence[CurvePoint]) -> go.Figure:
    """Draw measured and predicted queries of the store over TTL."""
    figure = ttl_chart("Load on the store over TTL", "queries per second", trials)
    figure.update_yaxes(rangemode="tozero")
    queries = "store_queries_per_second"
    add_theory(figure, curve or trials, "theory", queries, Look(GREY, "diamond-open", "dash"))
    add_series(
        figure,
        trials,
        Series("measured", attrgetter(queries), Look(ORANGE, "square"), "%{y:.1f}/s"),
    )
    return figure


def results_chart(trials: Sequence[TrialFigures]) -> go.Figure:
    """Draw how the lookups of each trial ended, as shares."""
    figure = chart("How lookups ended", "share of lookups", "TTL in seconds")
    counted = [trial for trial in trials if trial.lookups and trial.results]
    axes = bool(axis_names(counted))
    several = axes or any(trial.repetition > 1 for trial in counted)
    names: list[Any] = [f"{trial.ttl_seconds:g}" for trial in counted]
    if axes:
        figure.update_xaxes(title={"text": "combination and trial"})
        names = [[_combination(trial) for trial in counted], [f"#{t.number}" for t in counted]]
    elif several:
        names = [names, [f"#{trial.repetition}" for trial in counted]]
    for word in (*SERVICE_RESULTS, UNKNOWN_RESULT):
        shares = [(trial.results or {}).get(word, 0) / (trial.lookups or 1) for trial in counted]
        if any(shares):
            look = RESULT_LOOKS[word]
            figure.add_bar(
                x=names,
                y=[round(share, 5) for share in shares],
                name=word,
                hovertemplate=f"%{{y:.2%}} {word} at TTL %{{x}} s<extra></extra>",
                marker={
                    "color": look.colour,
                    "opacity": [1.0 if trial.trusted else FADED for trial in counted],
                    "pattern": {"shape": look.pattern, "bgcolor": look.colour, "fgcolor": "#fff"},
                },
            )
    figure.update_layout(barmode="stack", bargap=0.25, legend_traceorder="normal")
    figure.update_xaxes(type="multicategory" if several else "category")
    figure.update_yaxes(range=[0, 1], tickformat=".0%")
    return figure


def _combination(trial: TrialFigures) -> str:
    """Return the values of the axes and the TTL in the fewest words."""
    return ", ".join([*map(value_text, trial.values.values()), f"{trial.ttl_seconds:g} s"])


def all_lookups_chart(trials: Sequence[TrialFigures]) -> go.Figure:
    """Draw the latency percentiles of all lookups on both clocks."""
    series = [
        Series(
            f"{name} {clock}",
            milliseconds_of(ALL, clock, name),
            Look(colour, f"{marker}{'' if clock == 'response' else '-open'}", dash),
            "%{y:.2f} ms",
        )
        for clock, dash in zip(CLOCKS, ("solid", "dot"), strict=True)
        for name, colour, marker in (
            ("p99", ORANGE, "triangle-up"),
            ("p95", INK, "square"),
            ("p50", BLUE, "circle"),
        )
    ]
    return _latencies("Latency of all lookups over TTL", trials, series)


def by_result_chart(trials: Sequence[TrialFigures], clock: str) -> go.Figure:
    """Draw median and 99th percentile of each result over TTL.

    Args:
        trials: Figures of the trials to draw.
        clock: "response" from the intended start, or "service" from the send.
    """
    dashes = {"p50": "solid", "p99": "dash"}
    series = [
        Series(
            f"{word} {name}",
            milliseconds_of(word, clock, name),
            RESULT_LOOKS[word]._replace(dash=dash),
            "%{y:.2f} ms",
        )
        for word in TIMED
        if word != ALL
        for name, dash in dashes.items()
    ]
    return _latencies(f"{clock.capitalize()} time by result over TTL", trials, series)


def _latencies(title: str, trials: Sequence[TrialFigures], series: list[Series]) -> go.Figure:
    figure = ttl_chart(title, "milliseconds", trials)
    for each in series:
        add_series(figure, trials, each, trusted=attrgetter("times_trusted"))
    values = (each.value(trial) for each in series for trial in trials)
    figure.update_yaxes(**logarithmic(values))
    return figure


def _pooled_bars(trials: Sequence[TrialFigures]) -> dict[float, tuple[float, float]]:
    return {each.ttl_seconds: (each.low, each.high) for each in pool(list(trials))}
