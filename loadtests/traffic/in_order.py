"""Popularities that follow the order of the ids: a scan, and a preference for the newest."""

import numpy as np
from numpy.typing import NDArray

from loadtests.traffic.popularity import Masses
from loadtests.traffic.zipf import Zipf, ZipfSampler


class Scan:
    """Asks for the ids 1, 2, … items, then again from 1.

    Args:
        items: Number of ids.
    """

    ordered = True

    def __init__(self, items: int) -> None:
        self.largest_id = items

    def sampler(self, sequence: int) -> "ScanSampler":
        """Return a scan; every *sequence* is the same one."""
        del sequence
        return ScanSampler(self.largest_id)

    def masses(self) -> Masses | None:
        """Return None: a scan does not draw its ids independently."""
        return None


class ScanSampler:
    """Returns the ids of pass after pass.

    Args:
        items: Number of ids.
    """

    def __init__(self, items: int) -> None:
        self._items = items
        self._sent = 0

    def draw(self, times: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the next id for each of *times*."""
        places = np.arange(self._sent, self._sent + times.size, dtype=np.int64)
        self._sent += times.size
        return places % self._items + 1


class Latest:
    """Asks for ids by their age: Zipf, the newest most often.

    Args:
        items: Number of ids; the newest moves up through them and starts again at 1.
        skew: Zipf exponent over age.
        seed: Fixes the draws.
        new_per_second: How many ids become the newest each second.
    """

    ordered = False

    def __init__(self, items: int, skew: float, seed: int, new_per_second: float) -> None:
        self.largest_id = items
        self._ages = Zipf(items, skew, seed)
        self._new_per_second = new_per_second

    def sampler(self, sequence: int) -> "LatestSampler":
        """Return random sequence number *sequence*."""
        return LatestSampler(self._ages.sampler(sequence), self.largest_id, self._new_per_second)

    def masses(self) -> Masses | None:
        """Return the probabilities; None if the newest id moves."""
        return None if self._new_per_second else self._ages.masses()


class LatestSampler:
    """Draws one random sequence of ids by age.

    Args:
        ages: Draws the ages, 0 for the newest.
        items: Number of ids.
        new_per_second: How many ids become the newest each second.
    """

    def __init__(self, ages: ZipfSampler, items: int, new_per_second: float) -> None:
        self._ages = ages
        self._items = items
        self._new_per_second = new_per_second

    def draw(self, times: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return one id for each of *times*."""
        newest = np.floor(times * self._new_per_second).astype(np.int64)
        return (newest - self._ages.draw_ranks(times.size)) % self._items + 1
