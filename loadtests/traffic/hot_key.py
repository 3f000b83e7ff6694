"""A hot key on top of another popularity: one id has an extra share of the lookups."""

import numpy as np
from numpy.typing import NDArray

from loadtests.traffic.popularity import Masses, Popularity, Sampler
from loadtests.traffic.rate_shape import Shape
from loadtests.traffic.zipf import Zipf

_HOT, _SPIKE = 4, 9


class HotKey:
    """Directs a share of all lookups to one id, the rest to *base*.

    Args:
        base: The popularity of the rest.
        key: The hot id.
        ratio: Its share; None for the part of a spike that exceeds the base rate.
        shape: How the rate moves; tells when a spike is.
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

    def sampler(self, sequence: int) -> "HotKeySampler":
        """Return random sequence number *sequence*."""
        layer = _SPIKE if self._ratio is None else _HOT
        generator = np.random.default_rng([self._seed, layer, sequence])
        return HotKeySampler(self, self.base.sampler(sequence), generator)

    def ratio_at(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the hot id's share at *times*."""
        if self._ratio is not None:
            return np.full(times.size, self._ratio)
        extra = 1.0 - 1.0 / self._shape.rate_at(times)
        return np.where(self._shape.in_spike(times), np.maximum(extra, 0.0), 0.0)

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


class HotKeySampler:
    """Draws one random sequence of ids with a hot key.

    Args:
        hot: The popularity.
        base: The sequence that draws the other ids.
        generator: Decides which lookups go to the hot id.
    """

    def __init__(self, hot: HotKey, base: Sampler, generator: np.random.Generator) -> None:
        self._hot = hot
        self._base = base
        self._generator = generator

    def draw(self, times: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return one id for each of *times*."""
        keys = self._base.draw(times)
        hot = self._generator.random(keys.size) < self._hot.ratio_at(times[: keys.size])
        return np.where(hot, self._hot.key, keys)
