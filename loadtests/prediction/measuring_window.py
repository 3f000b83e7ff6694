"""When a trial's window opens and closes (docs/theory.md §3, F15)."""

import math
from dataclasses import dataclass

from loadtests.prediction.key_rates import Reads

DISCARDED_TTLS = 1.5
"""Half a TTL past a whole one: keeps synchronised expiries away from the edges of the window."""

FEWEST_TTLS = 10
"""The batches of one TTL each that a confidence interval needs."""

STANDARD_ERROR = 0.005
"""Of the hit ratio; two of them are ± 1 percentage point."""

COIN_FLIP_VARIANCE = 0.25
"""Variance of one lookup at a hit ratio of one half: the largest possible."""

CACHE_OFF_BATCH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Window:
    """The measured part of a trial, in batches.

    Attributes:
        opens: Seconds after the first intended arrival.
        batch_seconds: Length of a batch.
        batches: Number of batches.
    """

    opens: float
    batch_seconds: float
    batches: int

    @property
    def closes(self) -> float:
        """End of the last batch, seconds after the first intended arrival."""
        return self.opens + self.batches * self.batch_seconds

    @property
    def edges(self) -> list[float]:
        """Every boundary of a batch, first to last."""
        return [self.opens + index * self.batch_seconds for index in range(self.batches + 1)]


def cold_window(
    reads: Reads | None, rate: float, ttl_seconds: float, window_ttls: int | None = None
) -> Window:
    """Return the window of a trial that starts with an empty cache.

    Args:
        reads: How often each id is asked for; None if that changes with time, which assumes the
            variance of coin flips, an upper bound.
        rate: Lookups per second over all ids.
        ttl_seconds: The trial's TTL; 0 switches the cache off.
        window_ttls: Length in TTLs; None takes the smallest whole number from 10 for which
            kappa / lookups is small enough for ± 1 percentage point.
    """
    if ttl_seconds == 0:
        return Window(CACHE_OFF_BATCH_SECONDS, CACHE_OFF_BATCH_SECONDS, FEWEST_TTLS)
    kappa = COIN_FLIP_VARIANCE if reads is None else reads.sampling_variance(ttl_seconds)
    batches = max(FEWEST_TTLS, math.ceil(kappa / STANDARD_ERROR**2 / (rate * ttl_seconds)))
    return Window(DISCARDED_TTLS * ttl_seconds, ttl_seconds, window_ttls or batches)
