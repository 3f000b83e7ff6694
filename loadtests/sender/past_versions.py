"""Remembers the writes of a run that are settled, in memory that does not grow."""

import math
from dataclasses import dataclass

import numpy as np

MOST_PAST_VERSIONS = 262_144
"""How many writes are remembered, the newest: those of an hour if 70 are sent each second."""


@dataclass(slots=True)
class Version:
    """One value of a key. Times in seconds since the run's start.

    Attributes:
        quantity: The value; all values of a key differ.
        began: When its write was sent; minus infinity if it was not written here.
        acknowledged: When its write was answered; infinity until then.
    """

    quantity: int
    began: float
    acknowledged: float = math.inf


class PastVersions:
    """The last writes that are settled, by number, in a ring of 32 bytes for each.

    The ring has its full size from the start, so that a process that leaks can be told from one
    that remembers. A value whose place in it was taken again counts as superseded when the last
    of such values was, which is later than it really was.

    Args:
        first: Number of the first write.
        most: How many writes are remembered.
    """

    def __init__(self, first: int, most: int) -> None:
        self._next = first
        self._most = most
        self._keys = np.full(most, -1, dtype=np.int64)
        self._times = np.full((most, 3), math.inf)
        self._forgotten_until = -math.inf

    def number(self, key: int) -> int:
        """Return the number of a new write of a key, which takes the place of the oldest."""
        number, place = self._next, self._next % self._most
        self._next += 1
        self._forget(float(self._times[place, 2]))
        self._keys[place] = key
        self._times[place] = math.inf
        return number

    def keep(self, version: Version, superseded: float) -> None:
        """Remember a version that is settled."""
        if version.quantity < self._next - self._most:
            self._forget(superseded)
        else:
            times = version.began, version.acknowledged, superseded
            self._times[version.quantity % self._most] = times

    def find(self, key: int, number: int, first: int) -> tuple[Version, float] | None:
        """Return a settled write of a key, and when it was superseded; None if it is none.

        Args:
            key: The id.
            number: Of the write.
            first: Number of the first write of the key.
        """
        if not first <= number < self._next:
            return None
        if number < self._next - self._most:
            return Version(number, -math.inf), self._forgotten_until
        place = number % self._most
        if self._keys[place] != key:
            return None
        began, acknowledged, superseded = self._times[place].tolist()
        return Version(number, began, acknowledged), superseded

    def _forget(self, superseded: float) -> None:
        if superseded < math.inf:
            self._forgotten_until = max(self._forgotten_until, superseded)
