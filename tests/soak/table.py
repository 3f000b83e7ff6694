"""The table of a soak: what each figure was, how it moved, and whether that is a leak."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.soak.slopes import Slope
from tests.soak.watching import DESCRIPTORS, MEMORY, THREADS

LATENCY = "latency"
# A burst's connection is kept, so that a server may have one or two more at the end.
LEAST = {
    MEMORY: (2.0, 0.01),
    DESCRIPTORS: (1.0, 0.05),
    THREADS: (1.0, 0.0),
    LATENCY: (0.2, 0.1),
}
"""What a figure must rise by over a soak to count: this much, or this share of its first value."""
UNITS = {MEMORY: "MB", DESCRIPTORS: "", THREADS: "", LATENCY: "ms"}


@dataclass(frozen=True)
class Judged:
    """One row.

    Attributes:
        name: Whose figure it is.
        figure: Which one: a key of UNITS.
        slope: How it moved.
    """

    name: str
    figure: str
    slope: Slope

    @property
    def leaks(self) -> bool:
        amount, share = LEAST[self.figure]
        return self.slope.rises_by(max(amount, share * self.slope.first))

    @property
    def verdict(self) -> str:
        if self.slope.is_zero_within_its_interval:
            return "flat"
        if self.leaks:
            return "RISES"
        return "moves, too little to count" if self.slope.per_hour > 0 else "falls"


def judge(slopes: Mapping[tuple[str, str], Slope]) -> list[Judged]:
    """Return a row for each figure of each program."""
    return [Judged(name, figure, found) for (name, figure), found in slopes.items()]


def text(rows: list[Judged], confidence: float) -> str:
    """Return the table as lines for the terminal."""
    interval = f"{100 * confidence:.1f} % interval"
    lines = [
        f"{'':34} {'at first':>10} {'per hour':>10} {interval:>24} {'over the soak':>14}  verdict"
    ]
    for row in rows:
        found, unit = row.slope, UNITS[row.figure]
        what = f"{row.figure} {row.name}" if row.figure == LATENCY else f"{row.name}, {row.figure}"
        what += f" ({unit})" if unit else ""
        between = f"{found.low:+.2f} to {found.high:+.2f}"
        lines.append(
            f"{what:34} {found.first:10.2f} {found.per_hour:+10.2f} "
            f"{between:>24} {found.per_hour * found.hours:+14.2f}  {row.verdict}"
        )
    return "\n".join(lines)
