"""How sure a measured figure is: batch means and order statistics (docs/theory.md §3)."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

CONFIDENCE = 0.95
FEWEST_BEYOND = 10  # samples beyond a quantile that make it worth quoting


def mean_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """Return the 95 % interval of a mean by Student's t; None for fewer than two values."""
    count = len(values)
    if count < 2:
        return None
    half = stdtrit(count - 1, 0.5 + CONFIDENCE / 2) * np.std(values, ddof=1) / math.sqrt(count)
    middle = float(np.mean(values))
    return middle - float(half), middle + float(half)


def batch_interval(
    estimate: float, hits: Sequence[int], lookups: Sequence[int]
) -> tuple[float, float] | None:
    """Return the 95 % interval of a ratio by batch means, within 0 and 1.

    Batches must be whole TTLs long: a fraction of one makes it several times too wide.

    Args:
        estimate: The ratio over all batches together.
        hits: Numerator of each batch.
        lookups: Denominator of each batch; an empty batch leaves the interval unknown.
    """
    if min(lookups, default=0) == 0:
        return None
    interval = mean_interval([hit / asked for hit, asked in zip(hits, lookups, strict=True)])
    if interval is None:
        return None
    half = (interval[1] - interval[0]) / 2
    return max(0.0, estimate - half), min(1.0, estimate + half)


def quantile(seconds: NDArray[np.float64], q: float) -> float | None:
    """Return a quantile by nearest rank; None where too few samples lie beyond it."""
    if len(seconds) * (1 - q) < FEWEST_BEYOND - 1e-9:
        return None
    rank = math.ceil(q * len(seconds)) - 1
    return float(np.partition(seconds, rank)[rank])
