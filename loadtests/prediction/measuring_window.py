"""When a trial's window opens and closes (docs/theory.md §3, F15)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from loadtests.prediction.key_rates import Reads
from loadtests.service_under_test.contract import Knob

DISCARDED_LIVES = 1.5
"""Half a life past a whole one: keeps synchronised expiries away from the edges of the window."""

USUAL_KNOBS: Mapping[str, Knob] = {"negative_ttl_seconds": 5.0, "stale_seconds": 30.0}
"""Of a service that was told nothing else."""

FEWEST_TTLS = 10
"""The batches of a whole cycle each that a confidence interval needs."""

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

    def with_fills(self, fill_seconds: float) -> "Window":
        """Return this window lengthened by the time that a fill takes after a miss.

        A cycle of an entry is its life and its fill: batches of the life alone would fall out of
        step with the expiries, and their interval would be several times too wide.
        """
        batch_seconds = self.batch_seconds + fill_seconds
        return Window(self.opens + DISCARDED_LIVES * fill_seconds, batch_seconds, self.batches)

    @property
    def closes(self) -> float:
        """End of the last batch, seconds after the first intended arrival."""
        return self.opens + self.batches * self.batch_seconds

    @property
    def edges(self) -> list[float]:
        """Every boundary of a batch, first to last."""
        return [self.opens + index * self.batch_seconds for index in range(self.batches + 1)]


def longest_life(knobs: Mapping[str, Knob], *, missing: bool) -> float:
    """Return how many seconds an entry may stay in Redis: the longest TTL that Redis is given.

    Args:
        knobs: The knobs of the trial; those that it leaves alone are taken as `USUAL_KNOBS`.
        missing: Whether ids that do not exist are asked for repeatedly.
    """
    known = {**USUAL_KNOBS, **knobs}
    life = float(known["ttl_seconds"]) * (1.0 + float(known.get("ttl_jitter_ratio", 0.0)))
    if known.get("protection") == "stale":
        life += float(known["stale_seconds"])
    if missing:
        life = max(life, float(known["negative_ttl_seconds"]))
    return life


def cold_window(
    reads: Reads | None, rate: float, knobs: Mapping[str, Knob], window_ttls: int | None = None
) -> Window:
    """Return the window of a trial that starts with an empty cache, for instant fills.

    A batch is a TTL, or the negative TTL if that is longer and missing ids are asked for. Under
    stale-while-revalidate it is a TTL too, because entries that are read often are refreshed after
    each.

    Args:
        reads: How often each id is asked for; None if that changes with time, which assumes the
            variance of coin flips, an upper bound.
        rate: Lookups per second over all ids.
        knobs: The knobs of the trial; a TTL of 0 switches the cache off.
        window_ttls: Length in batches; None takes the smallest whole number from 10 for which
            kappa / lookups is small enough for ± 1 percentage point.
    """
    ttl_seconds = float(knobs["ttl_seconds"])
    if ttl_seconds == 0:
        return Window(CACHE_OFF_BATCH_SECONDS, CACHE_OFF_BATCH_SECONDS, FEWEST_TTLS)
    missing = reads is not None and reads.missing > 0
    cycle_seconds = ttl_seconds
    if missing:
        known = {**USUAL_KNOBS, **knobs}
        cycle_seconds = max(ttl_seconds, float(known["negative_ttl_seconds"]))
    kappa = COIN_FLIP_VARIANCE if reads is None else reads.sampling_variance(ttl_seconds)
    batches = max(FEWEST_TTLS, math.ceil(kappa / STANDARD_ERROR**2 / (rate * cycle_seconds)))
    opens = DISCARDED_LIVES * longest_life(knobs, missing=missing)
    return Window(opens, cycle_seconds, window_ttls or batches)
