"""Popularity with a hot set: a few ids share most lookups; the set may move."""

import numpy as np
from numpy.typing import NDArray

from loadtests.traffic.permutation import Scatter
from loadtests.traffic.popularity import Masses

_DRAWS = 2


class HotSet:
    """Directs a share of the lookups to the hot ids, evenly, and the rest evenly to the others.

    Args:
        items: Number of ids, 1 … items.
        traffic_ratio: Share of lookups for the hot ids.
        items_ratio: Share of the ids that is hot; at least one id is.
        seed: Fixes which ids are hot, and the draws.
        slide_per_second: Ids per second by which the hot set moves on; 0 for a set that stays.
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

    def sampler(self, sequence: int) -> "HotSetSampler":
        """Return random sequence number *sequence*."""
        return HotSetSampler(self, np.random.default_rng([self._seed, _DRAWS, sequence]))

    def ids_at(self, places: NDArray[np.int64], times: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the ids at *places* (0 is the first hot one) of the set as it is at *times*."""
        moved = np.floor(times * self.slide_per_second).astype(np.int64)
        return self._ids_of((places + moved) % self.largest_id)

    def masses(self) -> Masses | None:
        """Return the two probabilities; None if the set moves."""
        if self.slide_per_second:
            return None
        cold_items = self.largest_id - self.hot_items
        cold = (1.0 - self.traffic_ratio) / cold_items if cold_items else 0.0
        return Masses(
            np.array([self.traffic_ratio / self.hot_items, cold]),
            np.array([float(self.hot_items), float(cold_items)]),
        )


class HotSetSampler:
    """Draws one random sequence of ids with a hot set.

    Args:
        hot_set: The popularity.
        generator: Source of randomness of this sequence alone.
    """

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
