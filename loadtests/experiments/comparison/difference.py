"""The difference of a figure between two runs, with its interval and what may be concluded."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from loadtests.experiments.figures.intervals import mean_interval
from loadtests.experiments.plan.axes import Values

WORSE, BETTER, SAME, UNKNOWN = "worse", "better", "no change", "cannot tell"


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure that is compared.

    Attributes:
        name: For people and for JSON.
        unit: "points", "ms" or "per second".
        lower_is_better: Otherwise higher is.
        relevant: Smallest change that matters: of the value for a time or a rate, else absolute.
        relative: Whether `relevant` is a share of the first run's value.
    """

    name: str
    unit: str
    lower_is_better: bool
    relevant: float
    relative: bool

    @property
    def relevant_text(self) -> str:
        """The smallest change that matters, in words."""
        return f"{self.relevant * 100:g} {'%' if self.relative else 'points'}"


@dataclass(frozen=True, slots=True)
class Difference:
    """The second run less the first; None where unknown.

    Attributes:
        metric: The figure.
        ttl_seconds: TTL of the trials.
        first: Value of the first run.
        second: Value of the second.
        change: Mean of the paired differences.
        low: Lower end of its 95 % interval.
        high: Upper end.
        relevant: Smallest change that matters, in the unit of the values.
        seconds: Length of the windows that were compared, together.
        values: One value of each axis of the plans.
    """

    metric: Metric
    ttl_seconds: float
    first: float | None
    second: float | None
    change: float | None
    low: float | None
    high: float | None
    relevant: float
    seconds: float
    values: Values = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """What may be concluded: a change that matters, none, or nothing yet."""
        if self.low is None or self.high is None:
            return UNKNOWN
        bad_low, bad_high = self.low, self.high
        if not self.metric.lower_is_better:
            bad_low, bad_high = -self.high, -self.low
        if bad_low > 0 and bad_high >= self.relevant:
            return WORSE
        if bad_high < 0 and bad_low <= -self.relevant:
            return BETTER
        if -self.relevant < bad_low and bad_high < self.relevant:
            return SAME
        return UNKNOWN

    @property
    def verdict_text(self) -> str:
        """The verdict with what it leaves open: a change too small to matter, or more measuring."""
        if self.verdict == SAME:
            return f"{SAME} beyond {self.metric.relevant_text}"
        minutes = self.minutes_needed
        if self.verdict == UNKNOWN and minutes is not None:
            needed = max(1, math.ceil(minutes))
            return f"{UNKNOWN} (needs {needed} min)"
        return self.verdict

    @property
    def minutes_needed(self) -> float | None:
        """Minutes of measuring, beyond those there are, after which the interval would do.

        It must be half as wide as a change that matters; its width falls with the square root of
        the time. None where the interval is unknown.
        """
        if self.low is None or self.high is None or not self.relevant:
            return None
        half = (self.high - self.low) / 2
        more = (half / (self.relevant / 2)) ** 2 - 1
        return max(more, 0.0) * self.seconds / 60


def difference(  # noqa: PLR0913 - one figure of one TTL
    metric: Metric,
    ttl_seconds: float,
    pairs: Sequence[Sequence[tuple[float, float]]],
    whole: tuple[float | None, float | None],
    seconds: float,
    *,
    finest: float = 0.0,
) -> Difference:
    """Return the difference of a metric from the batches of paired trials.

    Within a pair, batches are compared at the same time of the same traffic. With several pairs the
    interval is the wider one of two: from the batches, and from the pairs, which differ also by
    what the machine did meanwhile.

    Args:
        metric: The figure.
        ttl_seconds: TTL of the trials.
        pairs: For each pair of trials, the values of both in every batch.
        whole: The values of both runs over all their trials.
        seconds: Length of the windows together.
        finest: Change that so few lookups could hide, even if both runs gave the same in every
            batch; the interval is at least as wide.
    """
    first, second = whole
    relevant = metric.relevant * (abs(first or 0.0) if metric.relative else 1.0)
    of_pairs = [[b - a for a, b in batches] for batches in pairs]
    flat = [value for batches in of_pairs for value in batches]
    intervals = [mean_interval(flat)]
    if len(of_pairs) > 1:
        intervals.append(mean_interval([_mean(batches) for batches in of_pairs if batches]))
    known = [each for each in intervals if each is not None]
    if not known:
        return Difference(metric, ttl_seconds, first, second, None, None, None, relevant, seconds)
    half = max(finest, *((each.high - each.low) / 2 for each in known))
    change = _mean(flat)
    return Difference(
        *(metric, ttl_seconds, first, second),
        *(change, change - half, change + half, relevant, seconds),
    )


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
