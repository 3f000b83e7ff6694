"""How often each id is asked for, as the formulas need it."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadtests.theory import ttl
from loadtests.traffic.popularity import Popularity

MOST_IDS = 10_000_000
"""More ids than these are not predicted: the arrays of one number each would exceed a gigabyte."""


@dataclass(frozen=True, slots=True)
class Reads:
    """Rates of lookups under a popularity that does not change with time.

    Attributes:
        rates: Lookups per second of each id that is asked for repeatedly: first the existing ids,
            then the missing ones.
        missing: How many ids, at the end of *rates*, do not exist.
        unrepeated_rate: Lookups per second of all ids together that are asked for only once.
        step_seconds: Time between two paced lookups; 0 for Poisson arrivals.
    """

    rates: NDArray[np.float64]
    missing: int
    unrepeated_rate: float
    step_seconds: float = 0.0

    @property
    def repeated_share(self) -> float:
        """The share of lookups that could hit."""
        repeated = float(np.sum(self.rates))
        return repeated / (repeated + self.unrepeated_rate)

    def per_id(self, existing: float, missing: float) -> NDArray[np.float64]:
        """Return one value for each existing and another for each missing id in *rates*."""
        values = np.full_like(self.rates, existing)
        values[len(values) - self.missing :] = missing
        return values

    def whole_steps(self, seconds: float) -> float:
        """Return the part of a time after a lookup into which paced lookups can fall (F1)."""
        return whole_steps(seconds, self.step_seconds)

    def sampling_variance(self, ttl_seconds: float) -> float:
        """Return kappa of the hit ratio (§3); lookups of unrepeated ids are certain misses."""
        share = self.repeated_share
        hit = ttl.hit_ratio(self.rates, ttl_seconds)
        within = ttl.sampling_variance(self.rates, ttl_seconds)
        return share * within + share * (1 - share) * hit**2


def whole_steps(seconds: float, step_seconds: float) -> float:
    """Return the part of a time after a lookup into which paced lookups can fall (F1).

    Args:
        seconds: The time after a lookup.
        step_seconds: Time between two paced lookups; 0 for Poisson arrivals.
    """
    if not step_seconds:
        return seconds
    return math.floor(seconds / step_seconds + 1e-9) * step_seconds


def reads_of(popularity: Popularity, rate: float, arrivals: str) -> Reads | None:
    """Return how often each id is asked for.

    Return None if the popularity moves or has more than MOST_IDS ids.

    Args:
        popularity: Which ids are asked for.
        rate: Lookups per second over all ids.
        arrivals: "poisson" or "paced".
    """
    masses = popularity.masses()
    if masses is None:
        return None
    missing = round(masses.missing_items) if masses.missing_probability else 0
    if masses.items.sum() + missing > MOST_IDS:
        return None
    known = np.repeat(masses.probability, masses.items.astype(np.int64))
    shares = np.append(known, np.full(missing, masses.missing_probability))
    shares = shares[shares > 0]
    left = max(0.0, 1.0 - float(np.sum(shares)))
    # A remainder this small is rounding, not traffic.
    unrepeated = left if left > 1e-9 else 0.0
    step = 1.0 / rate if arrivals == "paced" else 0.0
    return Reads(rate * shares, missing, rate * unrepeated, step)
