"""How a trial went over time, from its samples: hit ratio and response time, bucket by bucket."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadtests.experiments.figures.sampled_lookups import ended_in
from loadtests.experiments.records.samples_file import Samples
from loadtests.prediction.measuring_window import Window
from loadtests.service_under_test.contract import (
    CACHE_RESULTS,
    HIT_RESULTS,
    MOST_OUTSIDE_RATIO,
    UNKNOWN_RESULT,
)

MOST_BUCKETS = 100
FEWEST_SAMPLES = 20
"""Samples that a bucket holds on average, or its hit ratio is noise."""

_WIDTHS = [step * 10.0**power for power in range(-1, 6) for step in (1, 2, 5)]


@dataclass(frozen=True, slots=True)
class TimeSeries:
    """A trial bucket by bucket; a bucket without the samples for a value has None there.

    Attributes:
        width_seconds: Length of a bucket; the first begins with the first arrival.
        hit_ratio: Of the lookups that were meant to start in the bucket.
        median_seconds: Of their response times.
        slowest_seconds: Of their response times.
        opens: When the measured window opens; None for a trial that is measured whole.
        closes: When it closes, likewise.
    """

    width_seconds: float
    hit_ratio: Sequence[float | None]
    median_seconds: Sequence[float | None]
    slowest_seconds: Sequence[float | None]
    opens: float | None
    closes: float | None


def time_series(samples: Samples, window: Window | None) -> TimeSeries | None:
    """Return how a trial went over time; None without samples.

    Args:
        samples: `intended` in seconds after the first arrival.
        window: The measured window; None for a trial that is measured whole.
    """
    if not len(samples):
        return None
    intended = np.maximum(samples["intended"], 0.0)
    width = _width(float(intended.max()), len(samples))
    bucket = (intended / width).astype(np.int64)
    number = int(bucket.max()) + 1
    answered = _count(samples, CACHE_RESULTS, bucket, number)
    hits = _count(samples, HIT_RESULTS, bucket, number)
    unsaid = _count(samples, (UNKNOWN_RESULT,), bucket, number)
    answered[unsaid > MOST_OUTSIDE_RATIO * (unsaid + answered)] = 0
    middle, slowest = _medians_and_slowest(samples["response"], bucket, number)
    return TimeSeries(
        width_seconds=width,
        hit_ratio=[
            int(hit) / int(of) if of else None for hit, of in zip(hits, answered, strict=True)
        ],
        median_seconds=middle,
        slowest_seconds=slowest,
        opens=window.opens if window else None,
        closes=window.closes if window else None,
    )


def _width(seconds: float, samples: int) -> float:
    """Return the smallest round width that makes few buckets with enough samples each."""
    least = max(seconds / MOST_BUCKETS, FEWEST_SAMPLES * seconds / samples)
    return next((width for width in _WIDTHS if width >= least), _WIDTHS[-1])


def _count(
    samples: Samples, words: Sequence[str], bucket: NDArray[np.int64], number: int
) -> NDArray[np.int64]:
    return np.bincount(bucket[ended_in(samples, words)], minlength=number)


def _medians_and_slowest(
    response: NDArray[np.float32], bucket: NDArray[np.int64], number: int
) -> tuple[list[float | None], list[float | None]]:
    order = np.lexsort((response, bucket))  # By bucket, and by response time within it.
    ordered = response[order]
    ends = np.cumsum(np.bincount(bucket, minlength=number))
    starts = np.concatenate(([0], ends[:-1]))
    spans = [(int(start), int(end)) for start, end in zip(starts, ends, strict=True)]
    middles = [float(ordered[(a + b - 1) // 2]) if b > a else None for a, b in spans]
    return middles, [float(ordered[b - 1]) if b > a else None for a, b in spans]
