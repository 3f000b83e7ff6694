"""The charts of a log's profile; series differ by marker or dash as well as by colour."""

from collections.abc import Callable, Sequence

import plotly.graph_objects as go

from loadtests.experiments.report.charts.chart_style import BLUE, GREY, ORANGE, Look, chart, line
from loadtests.output.durations import duration_text
from loadtests.profile.curve import CurvePoint, Part, Profile

_MOST_PARTS = 6
_MOST_TICKS = 7  # More would overlap on a phone.
_PART_LOOKS = (
    Look(BLUE, "circle"),
    Look(ORANGE, "square", "dash"),
    Look(GREY, "diamond", "dot"),
    Look(BLUE, "triangle-up-open", "dot"),
    Look(ORANGE, "circle-open"),
    Look(GREY, "square-open", "dash"),
)
_FIRST, _SECOND, _THIRD = _PART_LOOKS[:3]


def profile_charts(profile: Profile) -> list[go.Figure]:
    """Return every chart that the log has figures for."""
    figures = [_hit_ratios(profile), _store_reads(profile), _entries(profile), _ages(profile)]
    if profile.classes:
        figures.append(_parts(profile, "Hit ratio by class of key", profile.classes[:_MOST_PARTS]))
    if profile.deciles:
        tenths = profile.deciles[:3]
        figures.append(_parts(profile, "Hit ratio by popularity of key", tenths, "tenth "))
    return figures


def _hit_ratios(profile: Profile) -> go.Figure:
    figure = _figure(profile, "Hit ratio over TTL", "share of reads")
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%")
    fresh = " without stale hits" if profile.changes else ""
    figure.add_hline(
        y=profile.ceiling,
        line={"color": GREY, "dash": "dash"},
        annotation_text=f"no TTL beats {profile.ceiling:.1%}{fresh}",
        annotation_position="top left",
    )
    hover = "%{y:.1%}"
    _add(figure, profile, "hit ratio", lambda p: p.hit_ratio, _FIRST, hover)
    if profile.curve[0].bounded:
        _add(
            *(figure, profile, "under the memory bound"),
            lambda p: p.bounded.hit_ratio if p.bounded else None,
            *(_SECOND, hover),
        )
    if profile.changes:
        _add(
            *(figure, profile, "without invalidation, stale hits too"),
            lambda p: p.ttl_alone.hit_ratio if p.ttl_alone else None,
            *(_THIRD, hover),
        )
    return figure


def _store_reads(profile: Profile) -> go.Figure:
    figure = _figure(profile, "Load on the store", "reads per second")
    figure.update_yaxes(rangemode="tozero")
    _add(figure, profile, "misses", lambda p: p.store_reads_per_second, _SECOND, "%{y:.4g}/s")
    return figure


def _entries(profile: Profile) -> go.Figure:
    figure = _figure(profile, "Entries in the cache", "entries")
    figure.update_yaxes(rangemode="tozero")
    hover = "%{y:,.0f}"
    _add(figure, profile, "most", lambda p: p.live_entries_peak, _SECOND, hover)
    _add(figure, profile, "mean", lambda p: p.live_entries_mean, _FIRST, hover)
    return figure


def _ages(profile: Profile) -> go.Figure:
    """Draw how old hits are; with changes, how stale too."""
    title = "Age and staleness of hits" if profile.changes else "Age of hits"
    figure = _figure(profile, title, "seconds")
    figure.update_yaxes(rangemode="tozero")
    _add(figure, profile, "mean age", lambda p: p.age_mean_seconds, _FIRST, "%{y:.3g} s")
    if profile.changes:
        _add(
            *(figure, profile, "worst staleness without invalidation"),
            lambda p: p.ttl_alone.staleness_worst_seconds if p.ttl_alone else None,
            *(_SECOND, "%{y:.3g} s"),
        )
    return figure


def _parts(profile: Profile, title: str, parts: Sequence[Part], before: str = "") -> go.Figure:
    figure = _figure(profile, title, "share of reads")
    figure.update_yaxes(range=[0, 1.02], tickformat=".0%")
    for part, look in zip(parts, _PART_LOOKS, strict=False):
        _add(
            *(figure, profile, f"{before}{part.name[:24]}"),
            _ratio_by_ttl(part),
            *(look, "%{y:.1%}"),
        )
    return figure


def _ratio_by_ttl(part: Part) -> Callable[[CurvePoint], float | None]:
    ratios = {point.ttl_seconds: point.hit_ratio for point in part.curve}
    return lambda point: ratios[point.ttl_seconds]


def _add(  # noqa: PLR0913, PLR0917 - one series
    figure: go.Figure,
    profile: Profile,
    name: str,
    value: Callable[[CurvePoint], float | None],
    look: Look,
    hover: str,
) -> None:
    figure.add_scatter(
        x=[point.ttl_seconds for point in profile.curve],
        y=[value(point) for point in profile.curve],
        name=name,
        customdata=[duration_text(point.ttl_seconds) for point in profile.curve],
        hovertemplate=f"{hover} at TTL %{{customdata}}",
        **line(look),
    )


def _figure(profile: Profile, title: str, unit: str) -> go.Figure:
    ttls = [point.ttl_seconds for point in profile.curve]
    shown = ttls[:1]
    for ttl in ttls[1:]:
        if ttl / shown[-1] >= (ttls[-1] / ttls[0]) ** (1.0 / _MOST_TICKS):
            shown.append(ttl)
    figure = chart(title, unit, "TTL")
    figure.update_xaxes(type="log", tickvals=shown, ticktext=[duration_text(t) for t in shown])
    return figure
