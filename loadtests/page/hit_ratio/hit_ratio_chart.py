"""Draws the hit ratio of a run over time as SVG, for Locust's page and its HTML report."""

from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby

from loadtests.output.figure_text import percent_text
from loadtests.page.hit_ratio.hit_ratio_series import Points, Series

HEIGHT = 300
WIDE, NARROW = 1200, 360
"""Widths in pixels: of a screen and of a phone."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 34, 30
_TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400)
_TICK_PIXELS = 90
_LETTER_PIXELS = 6.8

_STYLES = {
    "measured": 'stroke="#15803d" stroke-width="2.5"',
    "replay": 'stroke="#e07b00" stroke-width="1.5" stroke-dasharray="2 3"',
    "theory": 'stroke="#7b61c9" stroke-width="2" stroke-dasharray="9 5"',
}
"""Lines differ by dash as well as by colour."""


def hit_ratio_chart(series: Series, width: int = WIDE) -> str:
    """Return the chart as an SVG element of *width* pixels.

    Text has the colour of the text around it, so that the chart suits light and dark pages.
    """
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" role="img"'
        f' width="100%" aria-label="{escape(_summary(series))}" font-size="12"'
        ' font-family="Roboto, Helvetica, Arial, sans-serif" fill="currentColor">'
    )
    parts = (*_frame(series, width), *_lines(series, width), *_legend(series))
    return opening + "".join(parts) + "</svg>"


def _x(seconds: float, series: Series, width: int) -> float:
    span = width - _LEFT - _RIGHT
    return round(_LEFT + span * seconds / max(series.ends, 1.0), 1)


def _y(ratio: float) -> float:
    return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (1.0 - ratio), 1)


def _frame(series: Series, width: int) -> Iterator[str]:
    """Yield what lies behind the lines: cold times, axes, changes."""
    for begins, ends in series.cold:
        left, right = _x(begins, series, width), _x(min(ends, series.ends), series, width)
        yield (
            f'<rect x="{left}" y="{_TOP}" width="{max(0.0, right - left):.1f}"'
            f' height="{HEIGHT - _TOP - _BOTTOM}" opacity="0.09"><title>the cache is not warm'
            " yet</title></rect>"
        )
        if right - left > 4 * _LETTER_PIXELS:
            yield _text((left + right) / 2, HEIGHT - _BOTTOM - 8, "cold", "middle", opacity=0.6)
    for percent in range(0, 101, 20):
        height = _y(percent / 100)
        yield f'<path d="M{_LEFT} {height}H{width - _RIGHT}" stroke="currentColor" opacity="0.2"/>'
        yield _text(_LEFT - 8, height + 4, f"{percent} %", "end")
    for seconds in _ticks(series.ends, width):
        yield _text(_x(seconds, series, width), HEIGHT - 10, _clock(seconds), "middle")
    for change in series.changes:
        at = _x(change.at, series, width)
        yield f'<path d="M{at} {_TOP}V{HEIGHT - _BOTTOM}" stroke="currentColor" opacity="0.6"/>'
        is_late = at + len(change.words) * _LETTER_PIXELS > width - _RIGHT
        place, anchor = (at - 5, "end") if is_late else (at + 5, "start")
        yield _text(place, HEIGHT - _BOTTOM - 24, change.words, anchor)


def _lines(series: Series, width: int) -> Iterator[str]:
    for begins, ends, ratio in series.theory:
        path = f"M{_x(begins, series, width)} {_y(ratio)}H{_x(ends, series, width)}"
        yield f'<path class="theory" d="{path}" fill="none" {_STYLES["theory"]}/>'
    yield from _curve("measured", series.measured, series, width)
    yield from _curve("replay", series.replay, series, width)


def _curve(name: str, points: Points, series: Series, width: int) -> Iterator[str]:
    """Yield a line for each run of points without a gap, and a dot for a point alone."""
    for known, run in groupby(points, key=lambda point: point[1] is not None):
        if not known:
            continue
        places = [f"{_x(at, series, width)} {_y(ratio)}" for at, ratio in run if ratio is not None]
        path = "M" + "L".join(places) if len(places) > 1 else f"M{places[0]}h0.1"
        yield (
            f'<path class="{name}" d="{path}" fill="none" stroke-linecap="round"'
            f' stroke-linejoin="round" {_STYLES[name]}/>'
        )


def _legend(series: Series) -> Iterator[str]:
    """Yield the name and the last value of each line."""
    left = 8.0
    for name, text in _last_values(series):
        yield f'<path d="M{left:.1f} 14h18" fill="none" {_STYLES[name]}/>'
        yield _text(left + 22, 18, text, "start")
        left += 32 + len(text) * _LETTER_PIXELS


def _last_values(series: Series) -> Iterator[tuple[str, str]]:
    yield "measured", f"measured {percent_text(series.recent, '')}".rstrip()
    if series.replay:
        yield "replay", "replay"
    theory = series.theory[-1][2] if series.theory else None
    yield "theory", f"theory {percent_text(theory, 'unknown')}"


def _summary(series: Series) -> str:
    return "Hit ratio over time: " + ", ".join(text for _, text in _last_values(series))


def _ticks(ends: float, width: int) -> Iterable[int]:
    most = max(2, (width - _LEFT - _RIGHT) // _TICK_PIXELS)
    step = next((tick for tick in _TICKS if ends / tick <= most), _TICKS[-1])
    return range(0, int(ends) + 1, step)


def _clock(seconds: int) -> str:
    """Return a time after the start of the run, as 1:05 or 2:00:00."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _text(x: float, y: float, text: str, anchor: str, opacity: float = 1.0) -> str:
    faded = f' opacity="{opacity}"' if opacity < 1.0 else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{faded}>{escape(text)}</text>'
