"""Latency histograms fine enough for cache hits: bins of 0.01 ms up to 10 ms, then of 1 to 10 %."""

import math

import numpy as np
from numpy.typing import NDArray

_DECADES = (
    (0.01, 10.0),
    (0.1, 100.0),
    (1.0, 1000.0),
    (10.0, 10_000.0),
    (100.0, 100_000.0),
    (1000.0, 1_000_000.0),
    (10_000.0, 10_000_000.0),
)
"""Width of the bins, and the duration up to which they have it, both in ms."""

_PER_DECADE = (1000, *[900] * (len(_DECADES) - 1))
BINS = sum(_PER_DECADE) + 1


def _make_edges() -> NDArray[np.float64]:
    parts = [np.array([0.0])]
    for (width, end), count in zip(_DECADES, _PER_DECADE, strict=True):
        parts.append(end - width * np.arange(count - 1, -1, -1))
    return np.concatenate(parts) / 1000.0


EDGES_SECONDS = _make_edges()
"""Lower edge of each bin in seconds; the last bin has no upper edge."""


def bucket_milliseconds(milliseconds: float) -> float:
    """Round a response time in ms to the width of our bins, for the rows of Locust's statistics."""
    if milliseconds < 10.0:  # Nearly all.
        return round(milliseconds, 2)
    for (width, end), digits in zip(_DECADES, range(2, -5, -1), strict=True):
        if milliseconds < end:
            return round(milliseconds, digits) if width < 1 else int(round(milliseconds, digits))
    return round(milliseconds, -5)


class Histogram:
    """Counts of durations in seconds; histograms of several processes add up."""

    def __init__(self) -> None:
        self.counts: NDArray[np.int64] = np.zeros(BINS, dtype=np.int64)
        self.sum_seconds = 0.0

    @property
    def count(self) -> int:
        """Number of durations."""
        return int(self.counts.sum())

    @property
    def mean_seconds(self) -> float | None:
        """Mean duration; None without durations."""
        total = self.count
        return self.sum_seconds / total if total else None

    def add(self, seconds: NDArray[np.float64]) -> None:
        """Count durations; negative ones count as zero."""
        bins = np.searchsorted(EDGES_SECONDS, seconds + 1e-12, side="right") - 1
        self.counts += np.bincount(np.maximum(bins, 0), minlength=BINS)
        self.sum_seconds += float(seconds.sum())

    def merge(self, other: "Histogram") -> None:
        """Add all of *other*."""
        self.counts += other.counts
        self.sum_seconds += other.sum_seconds

    def since(self, earlier: "Histogram") -> "Histogram":
        """Return the durations added after *earlier*, a former copy of this histogram."""
        later = Histogram()
        later.counts = self.counts - earlier.counts
        later.sum_seconds = self.sum_seconds - earlier.sum_seconds
        return later

    def quantile(self, ratio: float) -> float | None:
        """Return the seconds that *ratio* of all durations do not exceed; None when empty."""
        total = self.count
        if not total:
            return None
        rank = max(1, math.ceil(ratio * total))
        index = int(np.searchsorted(np.cumsum(self.counts), rank))
        low = EDGES_SECONDS[index]
        high = EDGES_SECONDS[index + 1] if index + 1 < BINS else low
        return float((low + high) / 2)

    def counts_below(self, bounds: tuple[float, ...]) -> list[int]:
        """Return how many durations are below each of *bounds* (seconds, edges of bins)."""
        places = np.searchsorted(EDGES_SECONDS, np.array(bounds) - 1e-9)
        sums = np.concatenate([[0], np.cumsum(self.counts)])
        return [int(sums[place]) for place in places]

    def to_message(self) -> list[list[float]]:
        """Return the non-empty bins, their counts and the sum, for a message to the master."""
        filled = np.flatnonzero(self.counts)
        return [filled.tolist(), self.counts[filled].tolist(), [self.sum_seconds]]

    @classmethod
    def from_message(cls, message: list[list[float]]) -> "Histogram":
        """Return the histogram that made *message*."""
        histogram = cls()
        bins, counts, (sum_seconds,) = message
        histogram.counts[np.array(bins, dtype=np.int64)] = counts
        histogram.sum_seconds = float(sum_seconds)
        return histogram
