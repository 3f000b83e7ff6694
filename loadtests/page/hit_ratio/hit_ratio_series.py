"""The hit ratio of a run over time: measured, replayed, and as theory predicts it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from loadtests.page.snapshot import View
from loadtests.sender.timeline import Timeline
from loadtests.service_under_test.contract import hit_ratio

MOST_POINTS = 120

Points = list[tuple[float, float | None]]
"""Seconds after the start of the run and a ratio; None where nothing asked the cache."""


@dataclass(frozen=True)
class Change:
    """A moment at which the knobs or the load changed.

    Attributes:
        at: Seconds after the start of the run.
        words: What changed.
    """

    at: float
    words: str


@dataclass(frozen=True)
class Series:
    """What the chart shows.

    Attributes:
        ends: Seconds after the start of the run, the right edge.
        recent: Measured over about the last ten seconds; None if unknown.
        measured: Each over its step.
        replay: What the very arrivals of each step should have found in the cache.
        theory: The prediction of each part of the run, from its beginning to its end.
        cold: The times at which the cache was not warm yet, from and to.
        changes: When knobs or load changed.
    """

    ends: float
    recent: float | None
    measured: Points
    replay: Points
    theory: list[tuple[float, float, float]]
    cold: list[tuple[float, float]]
    changes: list[Change]


def series_of(view: View) -> Series:
    """Return the series of a run so far."""
    ends = view.parts[-1].ends if view.parts else 0.0
    step = step_seconds(view.tallies.timeline, ends)
    spans = [(figures.part.begins, figures.ends, figures.part) for figures in view.parts]
    return Series(
        ends=ends,
        recent=view.recent_hit_ratio,
        measured=list(_ratios(view.tallies.timeline, ends)),
        replay=view.replay.hit_ratios(step) if view.replay else [],
        theory=[
            (begins, until, part.predicted_hit_ratio)
            for begins, until, part in spans
            if part.predicted_hit_ratio is not None
        ],
        cold=[
            (begins, min(part.warm_from, until))
            for begins, until, part in spans
            if part.warm_from > begins
        ],
        changes=[Change(part.begins, ", ".join(part.changes)) for _, _, part in spans[1:]],
    )


def step_seconds(timeline: Timeline, ends: float) -> float:
    """Return the distance of the points: whole seconds, for at most MOST_POINTS."""
    whole = max(1.0, timeline.step_seconds)
    return whole * max(1, math.ceil(ends / (whole * MOST_POINTS)))


def _ratios(timeline: Timeline, ends: float) -> Iterator[tuple[float, float | None]]:
    """Yield the middle and the ratio of each step that has ended."""
    step = step_seconds(timeline, ends)
    for number in range(math.floor(ends / step)):
        begins = number * step
        yield begins + step / 2, hit_ratio(timeline.between(begins, begins + step))
