"""Popularities that follow an order of the items: one after the other, or the newest most."""

import numpy as np
from numpy.typing import NDArray

from loadtests.traffic.popularity import Masses, Zipf, ZipfSampler


class Scan:
    """Asks for 1, 2, … items and again from 1."""

    ordered = True

    def __init__(self, items: int) -> None:
        self.largest_id = items

    def sampler(self, stream: int) -> "ScanSampler":
        """Return the scan; the same for every *stream*."""
        del stream
        return ScanSampler(self.largest_id)

    def masses(self) -> Masses | None:
        """Return None: a scan is no independent drawing."""
        return None


class ScanSampler:
    """One pass after the other."""

    def __init__(self, items: int) -> None:
        self._items = items
        self._sent = 0

    def draw(self, times: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the next id for each of *times*."""
        places = np.arange(self._sent, self._sent + times.size, dtype=np.int64)
        self._sent += times.size
        return places % self._items + 1


class Latest:
    """The newest item is asked for most, the others by age as Zipf; a new one comes in time.

    Args:
        items: Number of ids; the newest moves up through them and begins again at 1.
        skew: Zipf exponent over age.
        seed: Fixes the draws.
        new_per_second: How many items become the newest each second.
    """

    ordered = False

    def __init__(self, items: int, skew: float, seed: int, new_per_second: float) -> None:
        self.largest_id = items
        self._ages = Zipf(items, skew, seed)
        self._new_per_second = new_per_second

    def sampler(self, stream: int) -> "LatestSampler":
        """Return sequence number *stream*."""
        return LatestSampler(self._ages.sampler(stream), self.largest_id, self._new_per_second)

    def masses(self) -> Masses | None:
        """Return None where the newest moves."""
        return None if self._new_per_second else self._ages.masses()


class LatestSampler:
    """One sequence of ids around the newest."""

    def __init__(self, ages: ZipfSampler, items: int, new_per_second: float) -> None:
        self._ages = ages
        self._items = items
        self._new_per_second = new_per_second

    def draw(self, times: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return one id for each of *times*."""
        newest = np.floor(times * self._new_per_second).astype(np.int64)
        return (newest - self._ages.draw_ranks(times.size)) % self._items + 1
