"""Counts the answers of a replay while it goes on, in room that does not grow with the run."""

import math

import numpy as np
from numpy.typing import NDArray

from loadtests.replay.replay_so_far import CountedReplay
from loadtests.service_under_test.contract import SERVICE_RESULTS

MOST_ROWS = 1 << 14
"""A row is a second in a run of up to four and a half hours; in longer ones the rows double."""

_RESULTS = len(SERVICE_RESULTS)


class AnswerCounts:
    """Counts by result what was answered before each whole second, and before each mark.

    Only the answers that lie beyond what has been replayed are kept themselves: those of lookups
    that wait for a load.

    Args:
        most_rows: How many rows there are at most.
    """

    def __init__(self, most_rows: int = MOST_ROWS) -> None:
        self._most_rows = most_rows
        self._step = 1
        self._rows = np.zeros((0, _RESULTS), np.int64)
        self._marks: dict[float, NDArray[np.int64]] = {}
        self._total = np.zeros(_RESULTS, np.int64)
        self._until = 0.0
        self._answers = np.empty(0)
        self._results = np.empty(0, np.uint8)

    def mark(self, at: float) -> None:
        """Keep how many are answered before a time, unless that has passed or never comes."""
        if at not in self._marks and self._until <= at < math.inf:
            self._marks[at] = self._total.copy()

    def add(self, answers: NDArray[np.float64], results: NDArray[np.uint8], until: float) -> None:
        """Count lookups.

        Args:
            answers: When each is answered, in any order.
            results: Its result as an index of SERVICE_RESULTS.
            until: No later one will be answered before.
        """
        answers = np.concatenate([self._answers, answers])
        results = np.concatenate([self._results, results])
        due = answers < until
        self._answers, self._results = answers[~due], results[~due]
        self._count(answers[due], results[due])
        self._until = until

    def counted(self) -> CountedReplay:
        """Return the counts up to now, which later ones do not change."""
        whole = int(self._until // self._step)
        rows = np.zeros((whole + 1, _RESULTS), np.int64)
        known = self._rows[:whole]
        rows[1 : len(known) + 1] = known
        marks = {at: counts.copy() for at, counts in self._marks.items()}
        before = np.cumsum(rows, axis=0)
        return CountedReplay(self._until, self._step, before, marks, self._total.copy())

    def _count(self, answers: NDArray[np.float64], results: NDArray[np.uint8]) -> None:
        if not answers.size:
            return
        self._total += np.bincount(results, minlength=_RESULTS)
        earliest = answers.min()
        for at in self._marks:
            if at > earliest:
                self._marks[at] += np.bincount(results[answers < at], minlength=_RESULTS)
        steps = (answers // self._step).astype(np.int64)
        size = max(int(steps.max()) + 1, len(self._rows))
        if size > len(self._rows):
            self._rows = np.pad(self._rows, ((0, size - len(self._rows)), (0, 0)))
        first = int(steps.min())
        places = (steps - first) * _RESULTS + results
        table = np.bincount(places, minlength=(size - first) * _RESULTS)
        self._rows[first:] += table.reshape(size - first, _RESULTS)
        while len(self._rows) > self._most_rows:
            self._coarsen()

    def _coarsen(self) -> None:
        odd = len(self._rows) % 2
        padded = np.pad(self._rows, ((0, odd), (0, 0)))
        self._rows = padded.reshape(-1, 2, _RESULTS).sum(axis=1)
        self._step *= 2
