"""The uncertainty of measured figures: batch means and order statistics (docs/theory.md §3)."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

CONFIDENCE = 0.95
FEWEST_BEYOND = 10  # A quantile needs this many samples beyond it.


class Interval(NamedTuple):
    """The 95 % confidence interval of a value, by Student's t.

    Attributes:
        low: Lower end.
        high: Upper end.
        standard_error: Of the estimate.
    """

    low: float
    high: float
    standard_error: float


def mean_interval(values: Sequence[float]) -> Interval | None:
    """Return the interval of a mean; None for fewer than two values."""
    count = len(values)
    if count < 2:
        return None
    error = float(np.std(values, ddof=1)) / math.sqrt(count)
    half = float(stdtrit(count - 1, 0.5 + CONFIDENCE / 2)) * error
    middle = float(np.mean(values))
    return Interval(middle - half, middle + half, error)


def pooled_interval(
    means: Sequence[float], errors: Sequence[float], batches: Sequence[int]
) -> Interval:
    """Return the interval of the mean of several means, each of batches of its own.

    Args:
        means: One or more.
        errors: Standard error of each.
        batches: How many batches each is the mean of; at least two.
    """
    middle = sum(means) / len(means)
    error = math.hypot(*errors) / len(means)
    freedom = sum(batches) - len(batches)
    half = float(stdtrit(freedom, 0.5 + CONFIDENCE / 2)) * error
    return Interval(max(0.0, middle - half), min(1.0, middle + half), error)


def batch_interval(estimate: float, hits: Sequence[int], lookups: Sequence[int]) -> Interval | None:
    """Return the interval of a ratio by batch means, cut to 0 and 1.

    Batches must be whole cycles long, a life and a fill each; otherwise the interval is several
    times too wide.

    Args:
        estimate: The ratio over all batches together.
        hits: Numerator of each batch.
        lookups: Denominator of each batch; if one is 0, the interval is unknown.
    """
    if min(lookups, default=0) == 0:
        return None
    of_means = mean_interval([hit / asked for hit, asked in zip(hits, lookups, strict=True)])
    if of_means is None:
        return None
    half = (of_means.high - of_means.low) / 2
    return Interval(max(0.0, estimate - half), min(1.0, estimate + half), of_means.standard_error)


def quantile(seconds: NDArray[np.float64], q: float) -> float | None:
    """Return a quantile by nearest rank; None if too few samples lie beyond it."""
    if len(seconds) * (1 - q) < FEWEST_BEYOND - 1e-9:
        return None
    rank = math.ceil(q * len(seconds)) - 1
    return float(np.partition(seconds, rank)[rank])
