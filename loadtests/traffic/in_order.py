"""Popularities that follow the order of the ids: a scan, and a preference for the newest."""

import itertools

import numpy as np
from numpy.typing import NDArray

from loadtests.traffic.popularity import Masses, SampledBy, Sampler
from loadtests.traffic.zipf import Zipf


class Scan:
    """Asks for the ids 1, 2, … items, then again from 1.

    Args:
        items: Number of ids.
    """

    ordered = True

    def __init__(self, items: int) -> None:
        self.largest_id = items

    def sampler(self, sequence: int) -> Sampler:
        """Return a scan; every *sequence* is the same one."""
        del sequence
        numbers = itertools.count()

        def draw(times: NDArray[np.float64]) -> NDArray[np.int64]:
            places = np.fromiter(numbers, np.int64, times.size)
            return places % self.largest_id + 1

        return SampledBy(draw)

    def masses(self) -> Masses | None:
        """Return None: a scan does not draw its ids independently."""
        return None


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

    def sampler(self, sequence: int) -> Sampler:
        """Return random sequence number *sequence*."""
        ages = self._ages.sampler(sequence)

        def draw(times: NDArray[np.float64]) -> NDArray[np.int64]:
            newest = np.floor(times * self._new_per_second).astype(np.int64)
            return (newest - ages.draw_ranks(times.size)) % self.largest_id + 1

        return SampledBy(draw)

    def masses(self) -> Masses | None:
        """Return the probabilities; None if the newest id moves."""
        return None if self._new_per_second else self._ages.masses()
