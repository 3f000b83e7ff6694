"""What a replay gave: the result of every lookup, counted over any stretch of the run."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadtests.service_under_test.contract import SERVICE_RESULTS, hit_ratio, near_ratio

Counts = dict[str, int]
"""How many lookups had each result."""


@dataclass(frozen=True, slots=True)
class ReplayedRun:
    """The lookups of a run as they should end; times are seconds since the run's start.

    A lookup counts when it is answered, as in the service's counters.

    Attributes:
        seconds: How far the run was replayed.
        answers: When each lookup is answered.
        results: Its result as an index of SERVICE_RESULTS.
        loads: When each read of the store ends, background refreshes included.
    """

    seconds: float
    answers: NDArray[np.float64]
    results: NDArray[np.uint8]
    loads: NDArray[np.float64]

    @property
    def total(self) -> Counts:
        """All lookups by result."""
        return self.counts(-np.inf, np.inf)

    def counts(self, opens: float, closes: float) -> Counts:
        """Return the lookups answered in a stretch of the run, by result."""
        inside = (self.answers >= opens) & (self.answers < closes)
        return by_word(np.bincount(self.results[inside], minlength=len(SERVICE_RESULTS)))

    @property
    def near_ratio(self) -> float | None:
        """The share of all lookups that a process answers by itself; None without a lookup."""
        return near_ratio(self.total)

    def hit_ratio(self, opens: float, closes: float) -> float | None:
        """Return the hit ratio of a stretch of the run; None without a lookup of the cache."""
        return hit_ratio(self.counts(opens, closes))

    def count_loads(self, opens: float, closes: float) -> int:
        """Return the reads of the store that ended in a stretch of the run."""
        return int(np.sum((self.loads >= opens) & (self.loads < closes)))

    def per_second(self) -> list[Counts]:
        """Return the lookups of each whole second of the run, by result."""
        whole = int(self.seconds)
        second = self.answers.astype(np.int64)
        inside = second < whole
        places = second[inside] * len(SERVICE_RESULTS) + self.results[inside]
        table = np.bincount(places, minlength=whole * len(SERVICE_RESULTS))
        return [by_word(row) for row in table.reshape(whole, len(SERVICE_RESULTS))]


def by_word(row: NDArray[np.int64]) -> Counts:
    """Return counts by the words of results, from a row with one for each."""
    return dict(zip(SERVICE_RESULTS, row.tolist(), strict=True))
