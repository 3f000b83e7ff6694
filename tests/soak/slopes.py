"""Whether a figure rises over a soak: its slope, with an interval, over the means of rounds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from scipy.stats import t as student

FEWEST_ROUNDS = 6


@dataclass(frozen=True)
class Slope:
    """How one figure moved.

    Attributes:
        first: Its mean in the first round.
        per_hour: The slope of a straight line through the rounds.
        low: Lower end of the slope's interval.
        high: Upper end.
        hours: From the middle of the first round to the middle of the last.
    """

    first: float
    per_hour: float
    low: float
    high: float
    hours: float

    @property
    def is_zero_within_its_interval(self) -> bool:
        return self.low <= 0 <= self.high

    def rises_by(self, least: float) -> bool:
        """Return whether it surely rose, and by this much over the soak."""
        return self.low > 0 and self.per_hour * self.hours >= least


def slope(rounds: Sequence[tuple[float, float]], confidence: float) -> Slope:
    """Return the slope of a line through the means of rounds.

    What belongs together within a round, such as a knob that is turned at the same moment of each,
    is no noise between rounds. So the scatter of their means about the line is that of the slope.

    Args:
        rounds: The middle of each round in seconds, and the mean of the figure in it.
        confidence: How often an interval holds the true slope.
    """
    if len(rounds) < FEWEST_ROUNDS:
        raise ValueError(f"{len(rounds)} rounds are too few for a slope: {FEWEST_ROUNDS} at least")
    hours = [seconds / 3600 for seconds, _ in rounds]
    values = [value for _, value in rounds]
    middle, mean = fmean(hours), fmean(values)
    spread = sum((hour - middle) ** 2 for hour in hours)
    per_hour = sum((h - middle) * (v - mean) for h, v in zip(hours, values, strict=True)) / spread
    residuals = [v - mean - per_hour * (h - middle) for h, v in zip(hours, values, strict=True)]
    free = len(rounds) - 2
    error = math.sqrt(sum(r * r for r in residuals) / free / spread)
    reach = float(student.ppf((1 + confidence) / 2, free)) * error
    return Slope(values[0], per_hour, per_hour - reach, per_hour + reach, hours[-1] - hours[0])


def round_means(
    samples: Sequence[tuple[float, float]], began: float, round_seconds: float, rounds: range
) -> list[tuple[float, float]]:
    """Return the middle and the mean of each round of a series, without empty rounds.

    Args:
        samples: Times in seconds, and values.
        began: When round 0 began.
        round_seconds: Length of a round.
        rounds: Which rounds to judge.
    """
    parts: dict[int, list[float]] = {number: [] for number in rounds}
    for at, value in samples:
        number = math.floor((at - began) / round_seconds)
        if number in parts:
            parts[number].append(value)
    return [
        ((number + 0.5) * round_seconds, fmean(values))
        for number, values in parts.items()
        if values
    ]
