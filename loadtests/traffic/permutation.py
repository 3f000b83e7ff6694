"""Seeded permutations: which id stands at which place of a popularity."""

import numpy as np
from numpy.typing import NDArray

TABLE_ITEMS = 1_000_000
"""Most items for which a table is kept: one of 10^7 would cost hundreds of MB."""

_PERMUTATION = 1
_ROUNDS = 6
_MIX_A = np.uint64(0x9E3779B97F4A7C15)
_MIX_B = np.uint64(0xBF58476D1CE4E5B9)


class Bijection:
    """A keyed permutation of 0 … items - 1 without a table: a Feistel network with cycle walking.

    Each round xors one half of a value's bits with a hash of the other half, which can be undone. A
    value that lands beyond *items* goes through the rounds again, so the whole stays a permutation.
    It takes about two passes for any number of items.

    Args:
        items: Number of values.
        seed: The key.
    """

    def __init__(self, items: int, seed: int) -> None:
        self.items = items
        bits = max(2, (items - 1).bit_length())
        self._low_bits = np.uint64(bits // 2)
        self._low_mask = np.uint64((1 << (bits // 2)) - 1)
        self._high_mask = np.uint64((1 << (bits - bits // 2)) - 1)
        generator = np.random.default_rng([seed, 0xB1])
        self._keys = generator.integers(0, 2**63, size=_ROUNDS, dtype=np.uint64)

    def __call__(self, ranks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the image of each of *ranks* (0-based)."""
        values = self._pass(ranks.astype(np.uint64))
        outside = np.flatnonzero(values >= self.items)
        while outside.size:
            values[outside] = self._pass(values[outside])
            outside = outside[values[outside] >= self.items]
        return values.astype(np.int64)

    def _pass(self, values: NDArray[np.uint64]) -> NDArray[np.uint64]:
        high = values >> self._low_bits
        low = values & self._low_mask
        for number, key in enumerate(self._keys):
            if number % 2:
                low = low ^ (_hash(high + key) & self._low_mask)
            else:
                high = high ^ (_hash(low + key) & self._high_mask)
        return (high << self._low_bits) | low


class Scatter:
    """The ids 1 … items in an order that the seed fixes.

    Args:
        items: Number of ids.
        seed: Fixes the order.
    """

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


def _hash(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = values * _MIX_A
    values = (values ^ (values >> np.uint64(32))) * _MIX_B
    return values ^ (values >> np.uint64(29))
