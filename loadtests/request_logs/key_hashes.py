"""Hashes the texts of keys, the same text to the same 64 bits within a process."""

import secrets

import numpy as np
from numpy.typing import NDArray

from loadtests.request_logs.compiled import Array, compiled

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
