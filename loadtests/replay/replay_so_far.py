"""What the replay of a run gave so far: lookups by result, between whole seconds and marks."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadtests.replay.replayed_run import Counts, by_word
from loadtests.service_under_test.contract import HIT_RESULTS, SERVICE_RESULTS, hit_ratio

SAME_RATIO = 0.003
"""How near the hit ratios from an empty and from a full cache come where the start is forgotten."""

_HITS = [SERVICE_RESULTS.index(word) for word in HIT_RESULTS]


@dataclass(frozen=True, slots=True)
class CountedReplay:
    """The lookups of a run as they should end; times are seconds since the run's start.

    A lookup counts when it is answered, as in the service's counters.

    Attributes:
        seconds: How far the run was replayed.
        step_seconds: Length of a row.
        before: What had been answered when each row began, and when the last one ended.
        marks: What had been answered at other times.
        total: All that had been answered.
    """

    seconds: float
    step_seconds: int
    before: NDArray[np.int64]
    marks: dict[float, NDArray[np.int64]]
    total: NDArray[np.int64]

    def counts(self, opens: float, closes: float) -> Counts | None:
        """Return the lookups answered in a stretch of the run, by result.

        Returns:
            None if it begins or ends neither with a row nor at a mark nor where the replay is.
        """
        first, last = self._before(opens), self._before(closes)
        if first is None or last is None:
            return None
        return by_word(last - first)

    def hit_ratio(self, opens: float, closes: float) -> float | None:
        """Return the hit ratio of a stretch; None without a lookup of the cache, or uncounted."""
        counts = self.counts(opens, closes)
        return None if counts is None else hit_ratio(counts)

    def _before(self, at: float) -> NDArray[np.int64] | None:
        if at >= self.seconds:
            return self.total
        if at in self.marks:
            return self.marks[at]
        rows = at / self.step_seconds
        return self.before[int(rows)] if rows.is_integer() and rows >= 0 else None


@dataclass(frozen=True, slots=True)
class ReplaySoFar:
    """A replay of a run, from an empty cache or from one of which nothing is known.

    Attributes:
        from_empty: From an empty cache on.
        from_full: From a full cache on; None for a run that began with an empty one.
        longest_life: Until when the entries of a full cache may live.
    """

    from_empty: CountedReplay
    from_full: CountedReplay | None = None
    longest_life: float = 0.0

    @property
    def seconds(self) -> float:
        """How far the run was replayed."""
        return self.from_empty.seconds

    @property
    def step_seconds(self) -> int:
        """The shortest step that `hit_ratios` can take."""
        return self.from_empty.step_seconds

    @property
    def known_from(self) -> float | None:
        """From when on the state of the cache before the run no longer matters to the end.

        0 for a run that began with an empty cache; None if it matters to the end.
        """
        if self.from_full is None:
            return 0.0
        step, (cold, full) = self.step_seconds, (self.from_empty.before, self.from_full.before)
        lookups = _to_the_end(cold.sum(axis=1))
        cold_hits, full_hits = (_to_the_end(run[:, _HITS].sum(axis=1)) for run in (cold, full))
        alike = np.abs(cold_hits - full_hits) <= SAME_RATIO * lookups
        alike &= (lookups > 0) & (np.arange(lookups.size) * step >= self.longest_life)
        return float(np.argmax(alike)) * step if alike.any() else None

    def hit_ratio(self, opens: float, closes: float) -> float | None:
        """Return the hit ratio of a stretch from an empty cache on; see `CountedReplay`."""
        return self.from_empty.hit_ratio(opens, closes)

    def known_hit_ratio(self, opens: float, closes: float) -> float | None:
        """Return the hit ratio of a stretch; None if the state before the run matters to it."""
        ratio = self.hit_ratio(opens, closes)
        if self.from_full is None or ratio is None:
            return ratio
        full = self.from_full.hit_ratio(opens, closes)
        return ratio if full is not None and abs(ratio - full) <= SAME_RATIO else None

    def hit_ratios(self, step: float) -> list[tuple[float, float | None]]:
        """Return the middle and the hit ratio of each step that the replay has reached.

        Args:
            step: Whole seconds; rounded up to a multiple of `step_seconds`.
        """
        known_from = self.known_from
        if known_from is None:
            return []
        step = self.step_seconds * math.ceil(step / self.step_seconds)
        begins = [number * step for number in range(int(self.seconds // step))]
        return [
            (at + step / 2, self.hit_ratio(at, at + step) if at >= known_from else None)
            for at in begins
        ]


def _to_the_end(before: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what was answered from the beginning of each row to the end of the last."""
    return np.asarray(before[-1] - before[:-1])
