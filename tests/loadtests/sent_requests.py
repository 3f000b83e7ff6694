"""Requests written out, for tests of what becomes of them."""

import numpy as np

from loadtests.replay.arrival_sequence import Requests


def sent(*reads):
    """Return reads, each a time and an id, as requests to one replica."""
    times, keys = (np.array(column) for column in zip(*reads, strict=True))
    none = np.zeros(len(reads), np.int64)
    return Requests(times.astype(np.float64), keys.astype(np.int64), none.astype(np.bool_), none)
