"""Popularity with a hot set: a few ids share most lookups; the set may move."""

import numpy as np
from numpy.typing import NDArray

from loadtests.traffic.permutation import Scatter
from loadtests.traffic.popularity import Masses, SampledBy, Sampler

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

    def sampler(self, sequence: int) -> Sampler:
        """Return random sequence number *sequence*."""
        generator = np.random.default_rng([self._seed, _DRAWS, sequence])
        hot_items, items = self.hot_items, self.largest_id

        def draw(times: NDArray[np.float64]) -> NDArray[np.int64]:
            uniform, within = generator.random((times.size, 2)).T
            hot = np.floor(within * hot_items)
            cold = hot_items + np.floor(within * (items - hot_items))
            places = np.where(uniform < self.traffic_ratio, hot, cold).astype(np.int64)
            moved = np.floor(times * self.slide_per_second).astype(np.int64)
            return self._ids_of((places + moved) % items)

        return SampledBy(draw)

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
