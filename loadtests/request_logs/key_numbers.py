"""Numbers distinct keys, by hashes of their texts, from 0 in the order in which they appear."""

import secrets

import numpy as np
from numpy.typing import NDArray

from loadtests.request_logs.compiled import Array, compiled

_EMPTY = 0  # No hash is 0: see `number`.
_FULLEST = 0.6
_SEED = np.uint64(secrets.randbits(64))  # Nobody can write a log whose keys are taken for others.
_STEP = np.uint64(0x100000001B3)
_MIX = np.uint64(0xFF51AFD7ED558CCD)
_MIX_AGAIN = np.uint64(0xC4CEB9FE1A85EC53)
_HALF = np.uint64(33)


def hashes_of(text: NDArray[np.uint8], slices: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the hash of each slice of *text*.

    Args:
        text: Bytes of UTF-8.
        slices: A row for each slice: where it starts and where it ends.
    """
    hashes = np.empty(len(slices), dtype=np.uint64)
    _hash(text, slices, _SEED, hashes)
    return hashes.view(np.int64)


class KeyNumbers:
    """The numbers of keys, known by 64-bit hashes: 16 bytes a key rather than its text.

    Two of a million keys share a hash, and so a number, once in 37 million files.
    """

    def __init__(self) -> None:
        self.count = 0
        self._hashes = np.zeros(1 << 16, dtype=np.int64)
        self._numbers = np.zeros(1 << 16, dtype=np.int32)

    def number(self, hashes: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the number of each key, and the places where new ones stand first."""
        while self.count + hashes.size > _FULLEST * self._hashes.size:
            self._grow()
        found = np.empty(hashes.size, dtype=np.int32)
        firsts = np.empty(hashes.size, dtype=np.int64)
        known = np.where(hashes == _EMPTY, 1, hashes)
        before = self.count
        self.count = _number(known, self._hashes, self._numbers, before, found, firsts)
        return found, firsts[: self.count - before]

    def _grow(self) -> None:
        old_hashes, old_numbers = self._hashes, self._numbers
        self._hashes = np.zeros(2 * old_hashes.size, dtype=np.int64)
        self._numbers = np.zeros(2 * old_numbers.size, dtype=np.int32)
        _move(old_hashes, old_numbers, self._hashes, self._numbers)


@compiled
def _number(  # noqa: PLR0913, PLR0917 - one loop over a table
    hashes: Array,
    table: Array,
    numbers: Array,
    before: int,
    found: Array,
    firsts: Array,
) -> int:
    mask = table.size - 1
    count = before
    for i in range(hashes.size):
        place = (hashes[i] ^ (hashes[i] >> 32)) & mask
        while table[place] not in (0, hashes[i]):
            place = (place + 1) & mask
        if table[place] == 0:
            table[place] = hashes[i]
            numbers[place] = count
            firsts[count - before] = i
            count += 1
        found[i] = numbers[place]
    return count


@compiled
def _move(old: Array, old_numbers: Array, table: Array, numbers: Array) -> None:
    mask = table.size - 1
    for i in range(old.size):
        if old[i] == 0:
            continue
        place = (old[i] ^ (old[i] >> 32)) & mask
        while table[place] != 0:
            place = (place + 1) & mask
        table[place] = old[i]
        numbers[place] = old_numbers[i]


@compiled
def _hash(text: Array, slices: Array, seed: Array, hashes: Array) -> None:
    """FNV-1a, whose upper bits are mixed into the lower ones at the end, as MurmurHash3 does."""
    for i in range(hashes.size):
        mixed = seed
        for place in range(slices[i, 0], slices[i, 1]):
            mixed = (mixed ^ np.uint64(text[place])) * _STEP
        mixed = (mixed ^ (mixed >> _HALF)) * _MIX
        mixed = (mixed ^ (mixed >> _HALF)) * _MIX_AGAIN
        hashes[i] = mixed ^ (mixed >> _HALF)
