"""Ratios of two servers that were measured in turn: each pair gives one ratio."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from scipy.special import stdtrit

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
    def spread(self) -> float:
        """The standard deviation of their natural logarithms; 0 for a single pair."""
        return statistics.stdev(map(math.log, self.each)) if len(self.each) > 1 else 0.0

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


def range_of_another_run(
    median: float, spread: float, pairs: int, pairs_of_another: int
) -> tuple[float, float]:
    """Return where the median of another run lies, in 999 runs of 1,000; anywhere after one pair.

    Both medians scatter about the same value. The logarithms of ratios are taken to be normal, so
    that the variance of a median is about pi / 2 times that of a mean (Kendall and Stuart, The
    Advanced Theory of Statistics, vol. 1), and Student's t allows for the estimated spread.

    Args:
        median: The median ratio of a run.
        spread: The standard deviation of the logarithms of its ratios.
        pairs: How many pairs it had.
        pairs_of_another: How many the other has.
    """
    if pairs == 1:
        return 0.0, math.inf
    deviation = spread * math.sqrt(math.pi / 2 * (1 / pairs + 1 / pairs_of_another))
    factor = math.exp(float(stdtrit(pairs - 1, 0.9995)) * deviation)
    return median / factor, median * factor


def measure_pair(
    one: Callable[[], Measured], other: Callable[[], Measured], number: int
) -> tuple[Measured, Measured]:
    """Measure two things, one after the other; the second first in every other pair.

    A machine that grows slower or faster meanwhile does so for both alike.
    """
    if number % 2:
        found = other()
        return one(), found
    found = one()
    return found, other()
