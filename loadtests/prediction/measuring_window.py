"""When a trial's window opens and closes (docs/theory.md §3, F15)."""

import math
from dataclasses import dataclass

from loadtests.prediction.key_rates import Reads

DISCARDED_TTLS = 1.5  # mid-phase: keeps synchronised expiries off the window's edges
FEWEST_TTLS = 10  # batches of one TTL that an interval needs
STANDARD_ERROR = 0.005  # of the hit ratio; ± 1 point is two of them
COIN_FLIP = 0.25  # variance of one lookup that hits every other time
CACHE_OFF_BATCH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Window:
    """Times in seconds after the load's first intended arrival."""

    opens: float
    batch_seconds: float
    batches: int

    @property
    def closes(self) -> float:
        """The end of the last batch."""
        return self.opens + self.batches * self.batch_seconds

    @property
    def edges(self) -> list[float]:
        """Every boundary of a batch, first to last."""
        return [self.opens + index * self.batch_seconds for index in range(self.batches + 1)]


def cold_window(
    reads: Reads | None, rate: float, ttl_seconds: float, window_ttls: int | None = None
) -> Window:
    """Return the window of a trial that starts from an empty cache.

    Args:
        reads: How often each id is asked for; None where that changes with time, and the
            ratio is then taken to vary as coin flips do, which is more than it does.
        rate: Lookups per second over all ids.
        ttl_seconds: The trial's TTL; 0 is the cache switched off, which has no phase.
        window_ttls: Length in TTLs; None takes the smallest whole number from 10 for which
            kappa / lookups is small enough for ± 1 point.
    """
    if ttl_seconds == 0:
        return Window(CACHE_OFF_BATCH_SECONDS, CACHE_OFF_BATCH_SECONDS, FEWEST_TTLS)
    kappa = COIN_FLIP if reads is None else reads.sampling_variance(ttl_seconds)
    batches = max(FEWEST_TTLS, math.ceil(kappa / STANDARD_ERROR**2 / (rate * ttl_seconds)))
    return Window(DISCARDED_TTLS * ttl_seconds, ttl_seconds, window_ttls or batches)
