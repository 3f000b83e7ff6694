"""How often each id is asked for, as the formulas want it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadtests.experiments.plan.plan import Load
from loadtests.theory import ttl
from loadtests.traffic.popularity import Popularity
from loadtests.workload.flags import LOAD_FLAGS
from loadtests.workload.load_settings import LoadSettings
from loadtests.workload.scenario import Scenario

MOST_IDS = 10_000_000  # one number each, some times over: about a gigabyte


@dataclass(frozen=True, slots=True)
class Reads:
    """Rates per second. Popularity does not change with time."""

    rates: NDArray[np.float64]  # of each id that is asked for again: existing ones, then missing
    missing: int  # how many of them, at the end, do not exist
    unrepeated_rate: float  # of all ids together that are asked for only once
    step_seconds: float = 0.0  # between any two lookups that are evenly paced; 0 for Poisson

    @property
    def repeated_share(self) -> float:
        """The share of lookups that could ever hit."""
        repeated = float(np.sum(self.rates))
        return repeated / (repeated + self.unrepeated_rate)

    def each(self, existing: float, missing: float) -> NDArray[np.float64]:
        """Return a value for each id that is asked for again."""
        values = np.full_like(self.rates, existing)
        values[len(values) - self.missing :] = missing
        return values

    def noticed(self, seconds: float) -> float:
        """Return how much of a time after a lookup others can fall into: whole steps (F1)."""
        if not self.step_seconds:
            return seconds
        return math.floor(seconds / self.step_seconds + 1e-9) * self.step_seconds

    def sampling_variance(self, ttl_seconds: float) -> float:
        """Return kappa of the hit ratio, unrepeated ids being certain misses."""
        share = self.repeated_share
        hit = ttl.hit_ratio(self.rates, ttl_seconds)
        within = ttl.sampling_variance(self.rates, ttl_seconds)
        return share * within + share * (1 - share) * hit**2


def settings_of(load: Load, seed: int) -> LoadSettings:
    """Return what the load generator makes of these flags and this seed."""
    values: dict[str, Any] = {flag.key: flag.default for flag in LOAD_FLAGS}
    values |= {**_given(load.flags), "seed": seed}
    return LoadSettings(service_urls=(), knobs={}, **values)


def popularity_of(load: Load, seed: int) -> Popularity:
    """Return what the load generator draws from under these flags and this seed."""
    return Scenario().popularity(settings_of(load, seed), None)


def reads_of(load: Load, popularity: Popularity) -> Reads | None:
    """Return the rates of a load; None where popularity moves, or has too many ids."""
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
    # What rounding leaves of 1 is no traffic.
    unrepeated = left if left > 1e-9 else 0.0
    step = 1.0 / load.rate if load.arrivals == "paced" else 0.0
    return Reads(load.rate * shares, missing, load.rate * unrepeated, step)


def _given(flags: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in flags.items() if value is not None}
