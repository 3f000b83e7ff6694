"""Exact Zipf ranks without a table: rejection-inversion.

W. Hoermann and G. Derflinger, "Rejection-inversion to generate variates from monotone discrete
distributions", ACM TOMACS 6(3), 1996.
"""

import numpy as np
from numpy.typing import NDArray

_BLOCK = 4096


class RejectionInversion:
    """Draw ranks 1 … items with probability proportional to rank ** -skew, skew > 0.

    Candidates are drawn in blocks of a fixed size, so that the sequence does not depend on how many
    ranks are drawn at a time.

    Args:
        items: Number of ranks.
        skew: The exponent, above 0.
        generator: Source of randomness of this sequence alone.
    """

    def __init__(self, items: int, skew: float, generator: np.random.Generator) -> None:
        self._items = items
        self._skew = skew
        self._generator = generator
        self._accepted = np.empty(0, dtype=np.int64)
        self._top = float(self._integral(np.float64(1.5))) - 1.0
        self._bottom = float(self._integral(np.float64(items + 0.5)))
        shifted = self._integral(np.float64(2.5)) - 2.0**-skew
        self._sure = 2.0 - float(self._inverse(shifted))

    def draw(self, count: int) -> NDArray[np.int64]:
        """Return the next *count* ranks."""
        parts = [self._accepted]
        have = self._accepted.size
        while have < count:
            parts.append(self._block())
            have += parts[-1].size
        ranks = np.concatenate(parts)
        self._accepted = ranks[count:]
        return ranks[:count]

    def _block(self) -> NDArray[np.int64]:
        uniform = self._generator.random(_BLOCK)
        area = self._bottom + uniform * (self._top - self._bottom)
        places = self._inverse(area)
        ranks = np.clip(np.floor(places + 0.5), 1, self._items)
        kept = (ranks - places <= self._sure) | (
            area >= self._integral(ranks + 0.5) - ranks**-self._skew
        )
        return ranks[kept].astype(np.int64)

    def _integral(self, x: NDArray[np.float64] | np.float64) -> NDArray[np.float64] | np.float64:
        """Integrate t ** -skew from 1 to x without loss of digits near skew 1."""
        logs = np.log(x)
        power = (1.0 - self._skew) * logs
        return logs * _expm1_over(power)

    def _inverse(self, area: NDArray[np.float64] | np.float64) -> NDArray[np.float64] | np.float64:
        power = np.maximum(area * (1.0 - self._skew), -1.0 + 1e-15)
        return np.exp(area * _log1p_over(power))


def _expm1_over(x: NDArray[np.float64] | np.float64) -> NDArray[np.float64] | np.float64:
    small = np.abs(x) < 1e-8
    safe = np.where(small, 1.0, x)
    return np.where(small, 1.0 + x / 2, np.expm1(safe) / safe)


def _log1p_over(x: NDArray[np.float64] | np.float64) -> NDArray[np.float64] | np.float64:
    small = np.abs(x) < 1e-8
    safe = np.where(small, 1.0, x)
    return np.where(small, 1.0 - x / 2, np.log1p(safe) / safe)
