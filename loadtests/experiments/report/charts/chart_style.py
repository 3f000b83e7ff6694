"""The looks of a report's charts; series differ by marker, dash or pattern as well as by colour."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import plotly.graph_objects as go

BLUE, ORANGE, GREY, INK = "#1f5fa8", "#c8551b", "#5b6470", "#1c2430"
FADED = 0.45
_FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"
_LINES = "#dfe3e9"

Interval = tuple[float | None, float | None, float | None]


class Look(NamedTuple):
    """How a series is drawn.

    Attributes:
        colour: Of line and markers.
        marker: Plotly's name of the symbol.
        dash: Plotly's name of the dash.
        pattern: Plotly's name of the pattern, for bars.
    """

    colour: str
    marker: str
    dash: str = "solid"
    pattern: str = ""


# The hues of the dashboards, darker for white paper.
RESULT_LOOKS = {
    "all": Look(INK, "star"),
    "hit": Look("#2f8f3a", "circle"),
    "near": Look("#1f8f86", "hexagon", pattern="\\"),
    "stale": Look("#8f3bb8", "diamond", pattern="/"),
    "negative": Look("#4a90d9", "pentagon", pattern="."),
    "coalesced": Look("#b59200", "triangle-down", pattern="-"),
    "miss": Look("#d9731a", "triangle-up", pattern="x"),
    "bypass": Look("#7d858f", "square", pattern="|"),
    "error": Look("#a30d1f", "x", pattern="+"),
    "unknown": Look("#c3c8ce", "circle-open"),
}


def chart(title: str, unit: str, x_title: str = "") -> go.Figure:
    """Return a chart without series, with the unit of its y axis."""
    figure = go.Figure()
    figure.update_layout(
        title={"text": title},
        template="none",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": _FONT, "size": 13, "color": INK},
        margin={"l": 60, "r": 12, "t": 8, "b": 44},
        legend={"orientation": "h", "y": 1.03, "yanchor": "bottom", "x": 0, "font": {"size": 12}},
        height=380,
        hovermode="closest",
    )
    figure.update_yaxes(**axis(unit))
    figure.update_xaxes(**axis(x_title))
    return figure


def axis(title: str) -> dict[str, Any]:
    """Return the style of an axis."""
    return {
        "title": {"text": title, "standoff": 8, "font": {"size": 13}},
        "gridcolor": _LINES,
        "linecolor": GREY,
        "zeroline": False,
        "automargin": True,
    }


def logarithmic(values: Iterable[float | None]) -> dict[str, Any]:
    """Return a logarithmic scale with ticks that fit its values."""
    positive = [value for value in values if value]
    narrow = not positive or max(positive) / min(positive) < 1000
    # Plotly's own ticks would label 20 as 2.
    steps = (1, 2, 5) if narrow else (1,)
    ticks = [step * 10.0**power for power in range(-2, 6) for step in steps]
    labels = [f"{tick:g}" for tick in ticks]
    return {"type": "log", "tickvals": ticks, "ticktext": labels}


def line(look: Look, size: int = 8) -> dict[str, Any]:
    """Return the style of a line with markers."""
    return {
        "mode": "lines+markers",
        "line": {"color": look.colour, "dash": look.dash, "width": 2},
        "marker": {"color": look.colour, "symbol": look.marker, "size": size},
        "connectgaps": False,
    }


def markers(look: Look, size: int = 9) -> dict[str, Any]:
    """Return the style of single points."""
    return {
        "mode": "markers",
        "marker": {"color": look.colour, "symbol": look.marker, "size": size},
    }


def error_bars(intervals: Iterable[Interval]) -> dict[str, Any]:
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
