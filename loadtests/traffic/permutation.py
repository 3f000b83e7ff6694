"""A keyed permutation of 0 … items - 1 that needs no table."""

import numpy as np
from numpy.typing import NDArray

_ROUNDS = 6
_MIX_A = np.uint64(0x9E3779B97F4A7C15)
_MIX_B = np.uint64(0xBF58476D1CE4E5B9)


class Bijection:
    """Scatter ranks over ids: a Feistel network on the bits of an id, walked until inside.

    Every step exclusive-ors one half of the bits with a hash of the other half, so it can be
    undone; a value that lands beyond *items* goes through again (cycle walking), which keeps the
    whole a permutation. Costs about two passes, whatever *items* is.
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


def _hash(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = values * _MIX_A
    values = (values ^ (values >> np.uint64(32))) * _MIX_B
    return values ^ (values >> np.uint64(29))
