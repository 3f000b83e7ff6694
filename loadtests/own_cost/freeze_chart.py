"""Draws how three ways of measuring show one freeze of the service.

The chart is the share of requests that took longer than t, over t, on two logarithmic axes.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 760, 420, 64, 48, 30, 24
SECONDS = (0.0005, 10.0)
SHARES = (0.0005, 1.0)

CURVES = (
    ("open loop: response time", 0, "response", "#d1495b", ""),
    ("open loop, 8 slots: response time", 1, "response", "#222222", "2 7"),
    ("open loop, 8 slots: service time", 1, "service", "#00798c", "8 4"),
    ("closed loop: response time", 2, "response", "#888888", ""),
)
"""Name, index of the run, clock, colour, dashes; the curves also differ in a grey print."""


def chart(runs: list[NDArray[np.void]]) -> str:
    """Return the chart as SVG, from the samples of three runs in the order of `CURVES`."""
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        *_grid(),
    ]
    for row, (name, run, clock, colour, dashes) in enumerate(CURVES):
        pen = f'stroke="{colour}" stroke-width="3" stroke-dasharray="{dashes}"'
        parts.append(_curve(np.asarray(runs[run][clock], dtype=np.float64), pen))
        y = TOP + 18 + 20 * row
        parts.append(f'<line x1="410" y1="{y}" x2="440" y2="{y}" {pen}/>')
        parts.append(f'<text x="448" y="{y + 4}">{name}</text>')
    return "\n".join([*parts, "</svg>\n"])


def _grid() -> Iterator[str]:
    for seconds, name in ((0.001, "1 ms"), (0.01, "10 ms"), (0.1, "0.1 s"), (1, "1 s"), (4, "4 s")):
        x = _x(np.array([seconds]))[0]
        yield f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>'
        yield f'<text x="{x:.1f}" y="{HEIGHT - 28}" text-anchor="middle">{name}</text>'
    for share, name in ((1, "100 %"), (0.1, "10 %"), (0.01, "1 %"), (0.001, "0.1 %")):
        y = _y(np.array([share]))[0]
        yield f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#ddd"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{name}</text>'
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">longer than</text>'
    yield f'<text x="{LEFT - 48}" y="{TOP - 12}">share of requests</text>'


def _curve(seconds: NDArray[np.float64], pen: str) -> str:
    ordered = np.sort(seconds[~np.isnan(seconds)])
    longer = 1.0 - np.arange(ordered.size) / ordered.size
    wanted = np.unique(np.geomspace(1, ordered.size, 400).astype(np.int64))
    chosen = ordered.size - wanted[::-1]
    points = zip(_x(ordered[chosen]), _y(longer[chosen]), strict=True)
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" {pen}/>'


def _x(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    return LEFT + _place(seconds, SECONDS) * (WIDTH - LEFT - RIGHT)


def _y(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    return HEIGHT - BOTTOM - _place(shares, SHARES) * (HEIGHT - BOTTOM - TOP)


def _place(values: NDArray[np.float64], ends: tuple[float, float]) -> NDArray[np.float64]:
    logs = np.log(np.clip(values, *ends) / ends[0])
    return np.asarray(logs / np.log(ends[1] / ends[0]))
