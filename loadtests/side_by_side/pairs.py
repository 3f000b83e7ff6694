"""Ratios of two servers that were measured in turn: each pair gives one ratio."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

Measured = TypeVar("Measured")


@dataclass(frozen=True, slots=True)
class Ratios:
    """The ratios of several pairs.

    Attributes:
        each: The ratio of each pair, in the order of measuring.
    """

    each: tuple[float, ...]

    @property
    def median(self) -> float:
        """The figure that is quoted."""
        return statistics.median(self.each)

    @property
    def low(self) -> float:
        """The least ratio of a pair."""
        return min(self.each)

    @property
    def high(self) -> float:
        """The greatest ratio of a pair."""
        return max(self.each)


def ratios(tops: Sequence[float], bottoms: Sequence[float]) -> Ratios:
    """Divide pair by pair."""
    return Ratios(tuple(top / bottom for top, bottom in zip(tops, bottoms, strict=True)))


def measure_in_turn(
    one: Callable[[], Measured], other: Callable[[], Measured], pairs: int
) -> tuple[list[Measured], list[Measured]]:
    """Measure two things in turn, each first in every other pair.

    A machine that grows slower or faster meanwhile does so for both alike.
    """
    ones, others = list[Measured](), list[Measured]()
    for number in range(pairs):
        steps = [(one, ones), (other, others)]
        for measure, found in steps if number % 2 == 0 else reversed(steps):
            found.append(measure())
    return ones, others
