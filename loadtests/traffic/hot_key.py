"""A hot key on top of another popularity: one id has an extra share of the lookups."""

import numpy as np
from numpy.typing import NDArray

from loadtests.traffic.popularity import Masses, Popularity, SampledBy, Sampler
from loadtests.traffic.rate_shape import Shape
from loadtests.traffic.zipf import Zipf

_HOT, _SPIKE = 4, 9


class HotKey:
    """Directs a share of all lookups to one id, the rest to *base*.

    Args:
        base: The popularity of the rest.
        key: The hot id.
        ratio: Its share; None for the part of a spike that exceeds the base rate.
        shape: How the rate moves; defines the spikes.
        seed: Fixes which lookups go to the hot id.
    """

    def __init__(
        self, base: Popularity, key: int, ratio: float | None, shape: Shape, seed: int
    ) -> None:
        self.base = base
        self.ordered = base.ordered
        self.largest_id = max(base.largest_id, key)
        self.key = key
        self._ratio = ratio
        self._shape = shape
        self._seed = seed

    def sampler(self, sequence: int) -> Sampler:
        """Return random sequence number *sequence*."""
        layer = _SPIKE if self._ratio is None else _HOT
        generator = np.random.default_rng([self._seed, layer, sequence])
        base = self.base.sampler(sequence)

        def draw(times: NDArray[np.float64]) -> NDArray[np.int64]:
            keys = base.draw(times)
            hot = generator.random(keys.size) < self._ratio_at(times[: keys.size])
            return np.where(hot, self.key, keys)

        return SampledBy(draw)

    def masses(self) -> Masses | None:
        """Return the base's probabilities with the hot id's share; None for a spike."""
        base = self.base.masses()
        if base is None or self._ratio is None or not isinstance(self.base, Zipf):
            return None
        probability = base.probability * (1.0 - self._ratio)
        rank = self.base.rank_of(self.key)
        if rank is None:
            return Masses(np.append(probability, self._ratio), np.append(base.items, 1.0))
        probability[rank] += self._ratio
        return Masses(probability, base.items)

    def _ratio_at(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        if self._ratio is not None:
            return np.full(times.size, self._ratio)
        extra = 1.0 - 1.0 / self._shape.rate_at(times)
        return np.where(self._shape.in_spike(times), np.maximum(extra, 0.0), 0.0)
