"""Popularities mixed from others: a hot key on top, ids that are missing or asked for once."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadtests.traffic.permutation import Bijection
from loadtests.traffic.popularity import Masses, Popularity, Sampler, Zipf
from loadtests.traffic.rate_shape import Shape

_HOT, _MISSING_DRAWS, _STRANGERS, _SPIKE = 4, 5, 8, 9
FIRST_MISSING_ID = 1 << 30
"""Ids from here on are in no catalogue."""

_MISSING_SPACE = 1 << 30
_STREAM_SPACE = 1 << 20


class HotKey:
    """A share of all lookups asks for one id, the rest as *base* says.

    Args:
        base: The popularity of the rest.
        key: The hot id.
        ratio: Its share; None for the share of *shape*'s spike that is above the base rate.
        shape: How the rate moves.
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

    def sampler(self, stream: int) -> "HotKeySampler":
        """Return sequence number *stream*."""
        layer = _SPIKE if self._ratio is None else _HOT
        generator = np.random.default_rng([self._seed, layer, stream])
        return HotKeySampler(self, self.base.sampler(stream), generator)

    def ratio_at(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the hot id's share at *times*."""
        if self._ratio is not None:
            return np.full(times.size, self._ratio)
        extra = 1.0 - 1.0 / self._shape.rate_at(times)
        return np.where(self._shape.in_spike(times), np.maximum(extra, 0.0), 0.0)

    def masses(self) -> Masses | None:
        """Return the base's probabilities, the hot id's share added; None for a spike's share."""
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
    """One sequence with a hot key."""

    def __init__(self, hot: HotKey, base: Sampler, generator: np.random.Generator) -> None:
        self._hot = hot
        self._base = base
        self._generator = generator

    def draw(self, times: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return one id for each of *times*."""
        keys = self._base.draw(times)
        hot = self._generator.random(keys.size) < self._hot.ratio_at(times[: keys.size])
        return np.where(hot, self._hot.key, keys)


@dataclass(frozen=True)
class Strangers:
    """Ids outside the popularity proper.

    Attributes:
        missing_ratio: Share of lookups for ids that do not exist.
        missing_items: How many such ids; 0 for a new one each time.
        one_hit_ratio: Share of lookups for existing ids that nothing else asks for.
        one_hit_items: How many such ids; a stream asks for each once before it does for any again.
    """

    missing_ratio: float
    missing_items: int
    one_hit_ratio: float
    one_hit_items: int


class WithStrangers:
    """*base*, with shares of missing ids and of one-hit wonders."""

    def __init__(self, base: Popularity, strangers: Strangers, seed: int) -> None:
        self.base = base
        self.strangers = strangers
        self.ordered = base.ordered
        once = strangers.one_hit_items if strangers.one_hit_ratio else 0
        self.largest_id = base.largest_id + once
        self._seed = seed

    def sampler(self, stream: int) -> "StrangersSampler":
        """Return sequence number *stream*."""
        return StrangersSampler(self, self._seed, stream)

    def masses(self) -> Masses | None:
        """Return the base's probabilities scaled, and those of the missing ids."""
        base, own = self.base.masses(), self.strangers
        if base is None:
            return None
        kept = 1.0 - own.missing_ratio - own.one_hit_ratio
        each = own.missing_ratio / own.missing_items if own.missing_items else 0.0
        return Masses(
            base.probability * kept,
            base.items,
            each,
            float(own.missing_items),
            own.one_hit_ratio,
            float(own.one_hit_items),
        )


class StrangersSampler:
    """One sequence with missing ids and one-hit wonders in it."""

    def __init__(self, mixture: WithStrangers, seed: int, stream: int) -> None:
        self._own = mixture.strangers
        self._known = mixture.base.largest_id
        self._base = mixture.base.sampler(stream)
        self._choices = np.random.default_rng([seed, _STRANGERS, stream])
        self._missing = np.random.default_rng([seed, _MISSING_DRAWS, stream])
        self._scatter = Bijection(_MISSING_SPACE, seed)
        self._never_again = stream * _STREAM_SPACE
        # multiples of an irrational number lie far apart: so no two streams set out side by side
        self._once = int(stream * math.sqrt(2) % 1.0 * self._own.one_hit_items)

    def draw(self, times: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return one id for each of *times*."""
        keys = self._base.draw(times).copy()
        uniform = self._choices.random(keys.size)
        missing = uniform < self._own.missing_ratio
        once = ~missing & (uniform < self._own.missing_ratio + self._own.one_hit_ratio)
        keys[missing] = self._missing_ids(int(missing.sum()))
        keys[once] = self._one_hit_ids(int(once.sum()))
        return keys

    def _missing_ids(self, count: int) -> NDArray[np.int64]:
        if self._own.missing_items:
            places = self._missing.integers(self._own.missing_items, size=count)
        else:
            places = np.arange(self._never_again, self._never_again + count)
            self._never_again += count
        return FIRST_MISSING_ID + self._scatter(places % _MISSING_SPACE)

    def _one_hit_ids(self, count: int) -> NDArray[np.int64]:
        places = np.arange(self._once, self._once + count)
        self._once += count
        return self._known + 1 + places % self._own.one_hit_items
