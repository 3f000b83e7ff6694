"""How the lookups of a run ended, by the time at which they were due."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadtests.sender.samples import RESULTS

MOST_STEPS = 1024
FINEST_STEP_SECONDS = 0.125
"""A step is then 1/512 of the run at most, or this long."""

Counts = dict[str, int]


class Timeline:
    """Counts lookups by result in equal steps of time, from the start of the run on.

    The steps double in length when there would be more than MOST_STEPS, so that a run of days
    needs no more room, and no longer messages, than one of minutes.
    """

    def __init__(self) -> None:
        self.step_seconds = FINEST_STEP_SECONDS
        self._counts = np.zeros((0, len(RESULTS)), dtype=np.int64)

    def add(self, due: NDArray[np.float64], results: NDArray[np.int64]) -> None:
        """Count lookups by when they were due, in seconds since the start, and by result."""
        if not len(due):
            return
        steps = (np.maximum(due, 0.0) / self.step_seconds).astype(np.int64)
        size = int(steps.max()) + 1
        flat = np.bincount(steps * len(RESULTS) + results, minlength=size * len(RESULTS))
        self._add_counts(flat.reshape(size, len(RESULTS)))

    def merge(self, other: "Timeline") -> None:
        """Add the counts of another process of the same run."""
        while self.step_seconds < other.step_seconds:
            self._coarsen()
        factor = round(self.step_seconds / other.step_seconds)
        self._add_counts(_in_pairs(other._counts, factor))  # noqa: SLF001 - our own class

    def between(self, begins: float, ends: float) -> Counts:
        """Return the results of the steps that lie wholly between two times of the run."""
        first = math.ceil(begins / self.step_seconds)
        last = max(first, math.floor(min(ends, 1e12) / self.step_seconds))
        totals = self._counts[first:last].sum(axis=0)
        return {word: int(count) for word, count in zip(RESULTS, totals, strict=True)}

    def steps(self) -> Iterator[tuple[float, Counts]]:
        """Yield the beginning of each step in seconds, and its results."""
        for number, row in enumerate(self._counts):
            counts = {word: int(count) for word, count in zip(RESULTS, row, strict=True)}
            yield number * self.step_seconds, counts

    def to_message(self) -> dict[str, Any]:
        """Return everything, for a message to the master."""
        return {"step_seconds": self.step_seconds, "counts": self._counts.tolist()}

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> "Timeline":
        """Return the timeline in a message."""
        timeline = cls()
        timeline.step_seconds = message["step_seconds"]
        timeline._counts = np.array(message["counts"], dtype=np.int64).reshape(-1, len(RESULTS))
        return timeline

    def _add_counts(self, counts: NDArray[np.int64]) -> None:
        missing = len(counts) - len(self._counts)
        if missing > 0:
            self._counts = np.pad(self._counts, ((0, missing), (0, 0)))
        self._counts[: len(counts)] += counts
        while len(self._counts) > MOST_STEPS:
            self._coarsen()

    def _coarsen(self) -> None:
        self._counts = _in_pairs(self._counts, 2)
        self.step_seconds *= 2


def _in_pairs(counts: NDArray[np.int64], factor: int) -> NDArray[np.int64]:
    """Return the sums of every *factor* steps."""
    odd = -len(counts) % factor
    padded = np.pad(counts, ((0, odd), (0, 0)))
    return np.asarray(padded.reshape(-1, factor, counts.shape[1]).sum(axis=1))
