"""Which key is asked for how often: exact bounded Zipf over a seeded catalogue."""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from loadtests.traffic.permutation import Bijection
from loadtests.traffic.zipf_without_table import RejectionInversion

TABLE_ITEMS = 1_000_000
"""Beyond this many items no table is kept: 10^7 would cost hundreds of MB."""

_PERMUTATION, _DRAWS = 1, 2
_BLOCK_RATIO = 1.001
_SINGLE = 10_000


class Masses(NamedTuple):
    """A popularity as the formulas want it.

    Attributes:
        probability: Share of all lookups that goes to one existing id.
        items: How many ids have that share.
        missing_probability: The same for each id that does not exist.
        missing_items: How many of those there are.
        one_hit_ratio: Share of all lookups that goes to ids asked for in turn, one after the other.
        one_hit_items: How many of those there are. What all this leaves of 1 goes to ids that
            never come again.
    """

    probability: NDArray[np.float64]
    items: NDArray[np.float64]
    missing_probability: float = 0.0
    missing_items: float = 0.0
    one_hit_ratio: float = 0.0
    one_hit_items: float = 0.0


class Sampler(Protocol):
    """A seeded sequence of ids."""

    def draw(self, times: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return one id for each of *times*, seconds since the start of the run."""


class Popularity(Protocol):
    """What decides which id a lookup asks for."""

    largest_id: int
    """The catalogue must hold the ids 1 … largest_id."""

    ordered: bool
    """Whether the order of the ids matters, so that one process must send them all."""

    def sampler(self, stream: int) -> Sampler:
        """Return sequence number *stream*; equal for equal seed and stream."""

    def masses(self) -> Masses | None:
        """Return the probabilities, None where they change with time."""


class Scatter:
    """The ids 1 … items, permuted by the seed."""

    def __init__(self, items: int, seed: int) -> None:
        self._table: NDArray[np.int32] | None = None
        if items <= TABLE_ITEMS:
            order = np.random.default_rng([seed, _PERMUTATION]).permutation(items)
            self._table = (order + 1).astype(np.int32)
        else:
            self._bijection = Bijection(items, seed)

    def __call__(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the ids at 0-based *places*."""
        if self._table is not None:
            return self._table[places].astype(np.int64)
        return self._bijection(places) + 1


class Zipf:
    """Item of rank i has probability i ** -skew / sum(k ** -skew), over ids permuted by the seed.

    Args:
        items: Number of ids, 1 … items.
        skew: The exponent, 0 (uniform) and above.
        seed: Fixes both which id has which rank and the sequence of draws.
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
        """Return the 0-based rank of an id, None where it is beyond the first ten thousand."""
        found = np.flatnonzero(self.ids_of(np.arange(min(self.items, _SINGLE))) == key)
        return int(found[0]) if found.size else None

    def probabilities(self) -> NDArray[np.float64]:
        """Return the probability of each rank, most popular first."""
        ranks = np.arange(1, self.items + 1, dtype=np.float64)
        return np.asarray(ranks**-self.skew / self.normaliser)

    def sampler(self, stream: int) -> "ZipfSampler":
        """Return sequence number *stream* of this popularity."""
        generator = np.random.default_rng([self.seed, _DRAWS, stream])
        return ZipfSampler(self, generator)

    def ranks(self, uniform: NDArray[np.float64]) -> NDArray[np.int64] | None:
        """Invert the distribution at *uniform* in [0, 1); None where there is no table."""
        if self._cumulated is None:
            return None
        return np.searchsorted(self._cumulated, uniform, side="right")

    def masses(self) -> Masses:
        """Return the probabilities, beyond ten thousand items in blocks of nearly equal ones."""
        if self.items <= _SINGLE:
            return Masses(self.probabilities(), np.ones(self.items))
        edges = _block_edges(self.items)
        first, last = edges[:-1] + 1, edges[1:]
        middle = np.sqrt(first.astype(np.float64) * last.astype(np.float64))
        return Masses(middle**-self.skew / self.normaliser, (last - first + 1).astype(np.float64))


class ZipfSampler:
    """One sequence of ids."""

    def __init__(self, zipf: Zipf, generator: np.random.Generator) -> None:
        self._zipf = zipf
        self._generator = generator
        table_free = zipf.items > TABLE_ITEMS and zipf.skew > 0
        self._rejection = (
            RejectionInversion(zipf.items, zipf.skew, generator) if table_free else None
        )

    def draw(self, times: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return one id for each of *times*; the times themselves play no part."""
        return self.draw_count(times.size)

    def draw_count(self, count: int) -> NDArray[np.int64]:
        """Return the next *count* ids."""
        return self._zipf.ids_of(self.draw_ranks(count))

    def draw_ranks(self, count: int) -> NDArray[np.int64]:
        """Return the next *count* ranks, 0-based, most popular first."""
        if self._rejection is not None:
            return self._rejection.draw(count) - 1
        uniform = self._generator.random(count)
        ranks = self._zipf.ranks(uniform)
        if ranks is None:  # no table and skew 0: every rank alike
            last = self._zipf.items - 1
            ranks = np.minimum((uniform * self._zipf.items).astype(np.int64), last)
        return ranks


def _harmonic(items: int, skew: float) -> float:
    """Return sum(k ** -skew, k = 1 … items): exact sum, then Euler-Maclaurin for the tail."""
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
    """Split the ranks: one by one up to 10^4, then in blocks whose ends differ by 0.1 %."""
    single = np.arange(_SINGLE + 1, dtype=np.int64)
    steps = int(np.ceil(np.log(items / _SINGLE) / np.log(_BLOCK_RATIO)))
    rest = (_SINGLE * np.exp(np.linspace(0, np.log(items / _SINGLE), steps + 1))).astype(np.int64)
    rest[-1] = items
    return np.unique(np.concatenate([single, rest]))
