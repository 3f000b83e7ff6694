"""What a sample of keys says of all of them."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadtests.request_logs.request_log import RequestLog


class Scale(NamedTuple):
    """The share of keys in a log, and the reads of all keys.

    Misses of the sample are divided by all reads, not by the sample's own: whether the hottest keys
    are in it changes its reads by much and its misses by little.

    Attributes:
        keep_ratio: 1 for a log of all keys.
        reads: Reads of all keys.
    """

    keep_ratio: float
    reads: int

    @classmethod
    def of(cls, log: RequestLog, reads: int) -> "Scale":
        """Return the scale of a log that has *reads* itself."""
        sample = log.sample
        return cls(sample.keep_ratio, sample.reads) if sample else cls(1.0, reads)

    def ratio(self, missed: float) -> float:
        """Return the hit ratio of all keys, of which those in the log missed so often."""
        return max(0.0, 1.0 - missed / (self.keep_ratio * self.reads))

    def whole(self, count: float) -> float:
        """Return the count of all keys, of which those in the log have *count*."""
        return count / self.keep_ratio

    def part(self, bound: int | None) -> int | None:
        """Return the part of a memory bound that the keys in the log have."""
        return None if bound is None else max(1, round(bound * self.keep_ratio))

    def error(self, misses_by_key: NDArray[np.int64]) -> float:
        """Return the standard error of the hit ratio, from the sample split into its single keys.

        Parts of equally many keys would hide that the number of keys kept is random too.
        """
        spread = math.sqrt(float(np.sum(np.square(misses_by_key, dtype=np.float64))))
        # Of all keys there is nothing to guess.
        return spread * math.sqrt(1.0 - self.keep_ratio) / (self.keep_ratio * self.reads)
