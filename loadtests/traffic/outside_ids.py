"""Ids outside a popularity: ids that do not exist, and ids that are asked for once only."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadtests.traffic.permutation import Bijection
from loadtests.traffic.popularity import Masses, Popularity

_MISSING_DRAWS, _CHOICES = 5, 8
FIRST_MISSING_ID = 1 << 30
"""No catalogue holds ids from here on."""

_MISSING_SPACE = 1 << 30
_SEQUENCE_SPACE = 1 << 20


@dataclass(frozen=True)
class OutsideIds:
    """How many lookups go to ids outside a popularity.

    Attributes:
        missing_ratio: Share of lookups for ids that do not exist.
        missing_items: How many such ids; 0 for a new one each time.
        one_hit_ratio: Share of lookups for existing ids that no other lookup asks for.
        one_hit_items: How many such ids; a sequence asks for all of them before any comes again.
    """

    missing_ratio: float
    missing_items: int
    one_hit_ratio: float
    one_hit_items: int


class WithOutsideIds:
    """Directs shares of the lookups to missing ids and to one-hit wonders, the rest to *base*.

    Args:
        base: The popularity of the rest.
        outside: The shares.
        seed: Fixes the ids, and which lookups go to them.
    """

    def __init__(self, base: Popularity, outside: OutsideIds, seed: int) -> None:
        self.base = base
        self.outside = outside
        self.ordered = base.ordered
        once = outside.one_hit_items if outside.one_hit_ratio else 0
        self.largest_id = base.largest_id + once
        self._seed = seed

    def sampler(self, sequence: int) -> "OutsideIdsSampler":
        """Return random sequence number *sequence*."""
        return OutsideIdsSampler(self, self._seed, sequence)

    def masses(self) -> Masses | None:
        """Return the base's probabilities, scaled down, and those of the ids outside it."""
        base, own = self.base.masses(), self.outside
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


class OutsideIdsSampler:
    """Draws one random sequence of ids with missing ids and one-hit wonders.

    Args:
        mixture: The popularity.
        seed: Fixes the ids, and which lookups go to them.
        sequence: Number of the sequence.
    """

    def __init__(self, mixture: WithOutsideIds, seed: int, sequence: int) -> None:
        self._own = mixture.outside
        self._known_ids = mixture.base.largest_id
        self._base = mixture.base.sampler(sequence)
        self._choices = np.random.default_rng([seed, _CHOICES, sequence])
        self._missing = np.random.default_rng([seed, _MISSING_DRAWS, sequence])
        self._scatter = Bijection(_MISSING_SPACE, seed)
        self._never_again = sequence * _SEQUENCE_SPACE
        # Multiples of an irrational number lie far apart, so no two sequences start side by side.
        self._once = int(sequence * math.sqrt(2) % 1.0 * self._own.one_hit_items)

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
        return self._known_ids + 1 + places % self._own.one_hit_items
