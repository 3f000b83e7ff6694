"""Popularities with a hot set: some items get most lookups, evenly; the set may move."""

import numpy as np
from numpy.typing import NDArray

from loadtests.traffic.popularity import Masses, Scatter

_DRAWS = 2


class HotSet:
    """A share of the lookups goes evenly to the hot items, the rest evenly to the others.

    Args:
        items: Number of ids, 1 … items.
        traffic_ratio: Share of lookups for the hot items.
        items_ratio: Share of the items that is hot; at least one is.
        seed: Fixes which items are hot, and the draws.
        slide_per_second: Items a second by which the hot set moves on; 0 for a set that stays.
    """

    ordered = False

    def __init__(
        self,
        items: int,
        traffic_ratio: float,
        items_ratio: float,
        seed: int,
        slide_per_second: float = 0.0,
    ) -> None:
        self.largest_id = items
        self.hot_items = max(1, round(items * items_ratio))
        self.traffic_ratio = traffic_ratio if self.hot_items < items else 1.0
        self.slide_per_second = slide_per_second
        self._seed = seed
        self._ids_of = Scatter(items, seed)

    def sampler(self, stream: int) -> "HotSetSampler":
        """Return sequence number *stream*."""
        return HotSetSampler(self, np.random.default_rng([self._seed, _DRAWS, stream]))

    def ids_at(self, places: NDArray[np.int64], times: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the ids at *places* (0 is the first hot item) as the set lies at *times*."""
        moved = np.floor(times * self.slide_per_second).astype(np.int64)
        return self._ids_of((places + moved) % self.largest_id)

    def masses(self) -> Masses | None:
        """Return the two probabilities; None for a set that moves."""
        if self.slide_per_second:
            return None
        cold_items = self.largest_id - self.hot_items
        cold = (1.0 - self.traffic_ratio) / cold_items if cold_items else 0.0
        return Masses(
            np.array([self.traffic_ratio / self.hot_items, cold]),
            np.array([float(self.hot_items), float(cold_items)]),
        )


class HotSetSampler:
    """One sequence of ids from a hot set."""

    def __init__(self, hot_set: HotSet, generator: np.random.Generator) -> None:
        self._hot_set = hot_set
        self._generator = generator

    def draw(self, times: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return one id for each of *times*."""
        hot_set = self._hot_set
        uniform, within = self._generator.random((times.size, 2)).T
        hot_items, items = hot_set.hot_items, hot_set.largest_id
        hot = np.floor(within * hot_items)
        cold = hot_items + np.floor(within * (items - hot_items))
        places = np.where(uniform < hot_set.traffic_ratio, hot, cold)
        return hot_set.ids_at(places.astype(np.int64), times)
