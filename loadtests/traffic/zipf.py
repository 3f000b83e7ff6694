"""Zipf popularity: exact and bounded, over a catalogue that the seed shuffles."""

import numpy as np
from numpy.typing import NDArray

from loadtests.traffic.permutation import TABLE_ITEMS, Scatter
from loadtests.traffic.popularity import Masses
from loadtests.traffic.zipf_without_table import RejectionInversion

_DRAWS = 2
_BLOCK_RATIO = 1.001
_SINGLE = 10_000


class Zipf:
    """Gives the id of rank i the probability i ** -skew / sum(k ** -skew, k = 1 … items).

    Args:
        items: Number of ids, 1 … items.
        skew: The exponent; 0 is uniform.
        seed: Fixes which id has which rank, and the draws.
    """

    ordered = False

    def __init__(self, items: int, skew: float, seed: int) -> None:
        self.items = self.largest_id = items
        self.skew = skew
        self.seed = seed
        self.normaliser = _harmonic(items, skew)
        self.ids_of = Scatter(items, seed)
        self._cumulated: NDArray[np.float64] | None = None
        if items <= TABLE_ITEMS:
            self._cumulated = np.cumsum(self.probabilities())
            self._cumulated[-1] = 1.0

    def rank_of(self, key: int) -> int | None:
        """Return the 0-based rank of an id; None if it is not among the first ten thousand."""
        found = np.flatnonzero(self.ids_of(np.arange(min(self.items, _SINGLE))) == key)
        return int(found[0]) if found.size else None

    def probabilities(self) -> NDArray[np.float64]:
        """Return the probability of each rank, most popular first."""
        ranks = np.arange(1, self.items + 1, dtype=np.float64)
        return np.asarray(ranks**-self.skew / self.normaliser)

    def sampler(self, sequence: int) -> "ZipfSampler":
        """Return random sequence number *sequence*."""
        generator = np.random.default_rng([self.seed, _DRAWS, sequence])
        return ZipfSampler(self, generator)

    def ranks(self, uniform: NDArray[np.float64]) -> NDArray[np.int64] | None:
        """Invert the distribution at *uniform* in [0, 1); None without a table."""
        if self._cumulated is None:
            return None
        return np.searchsorted(self._cumulated, uniform, side="right")

    def masses(self) -> Masses:
        """Return the probabilities; beyond rank 10^4, blocks of ranks share a middle one."""
        if self.items <= _SINGLE:
            return Masses(self.probabilities(), np.ones(self.items))
        edges = _block_edges(self.items)
        first, last = edges[:-1] + 1, edges[1:]
        middle = np.sqrt(first.astype(np.float64) * last.astype(np.float64))
        return Masses(middle**-self.skew / self.normaliser, (last - first + 1).astype(np.float64))


class ZipfSampler:
    """Draws one random sequence of ids.

    Args:
        zipf: The popularity.
        generator: Source of randomness of this sequence alone.
    """

    def __init__(self, zipf: Zipf, generator: np.random.Generator) -> None:
        self._zipf = zipf
        self._generator = generator
        table_free = zipf.items > TABLE_ITEMS and zipf.skew > 0
        self._rejection = (
            RejectionInversion(zipf.items, zipf.skew, generator) if table_free else None
        )

    def draw(self, times: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return one id for each of *times*; the times do not matter."""
        return self._zipf.ids_of(self.draw_ranks(times.size))

    def draw_ranks(self, count: int) -> NDArray[np.int64]:
        """Return the next *count* ranks, 0-based, most popular first."""
        if self._rejection is not None:
            return self._rejection.draw(count) - 1
        uniform = self._generator.random(count)
        ranks = self._zipf.ranks(uniform)
        if ranks is None:  # No table and skew 0: all ranks are equally likely.
            last = self._zipf.items - 1
            ranks = np.minimum((uniform * self._zipf.items).astype(np.int64), last)
        return ranks


def _harmonic(items: int, skew: float) -> float:
    """Return sum(k ** -skew, k = 1 … items): summed exactly, its tail by Euler-Maclaurin."""
    exact = min(items, TABLE_ITEMS)
    total = float(np.sum(np.arange(1, exact + 1, dtype=np.float64) ** -skew))
    if items == exact:
        return total
    low, high = float(exact), float(items)
    if abs(skew - 1.0) < 1e-9:
        integral = float(np.log(high / low))
    else:
        integral = float((high ** (1.0 - skew) - low ** (1.0 - skew)) / (1.0 - skew))
    edge = (high**-skew - low**-skew) / 2.0
    curve = skew * (low ** (-skew - 1) - high ** (-skew - 1)) / 12.0
    return float(total + integral + edge + curve)


def _block_edges(items: int) -> NDArray[np.int64]:
    """Split the ranks: one by one up to 10^4, then into blocks whose ends differ by 0.1 %."""
    single = np.arange(_SINGLE + 1, dtype=np.int64)
    steps = int(np.ceil(np.log(items / _SINGLE) / np.log(_BLOCK_RATIO)))
    rest = (_SINGLE * np.exp(np.linspace(0, np.log(items / _SINGLE), steps + 1))).astype(np.int64)
    rest[-1] = items
    return np.unique(np.concatenate([single, rest]))
