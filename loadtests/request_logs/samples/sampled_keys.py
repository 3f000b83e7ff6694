"""Chooses the keys of a log that a sample keeps, while the log is read."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from loadtests.request_logs.samples.sample import Sampler

_SHORTEST_ROW = len("0.0,,get\n") + 24


class SampledKeys:
    """The names of the keys that are kept, by the keys' numbers.

    Args:
        sampler: Chooses and names.
        most_bytes: Size of the sample for which enough of a log has been read.

    Attributes:
        names: Name of each key that is kept.
        ended: Whether reading is to end before the log does.
    """

    def __init__(self, sampler: Sampler, most_bytes: float) -> None:
        self.names: dict[int, str] = {}
        self.ended = False
        self._sampler = sampler
        self._most_requests = most_bytes / _SHORTEST_ROW
        self._requests = 0
        self._kept = np.zeros(1 << 16, dtype=np.bool_)

    def add(self, first: int, keys: Iterable[str]) -> None:
        """Take in new keys, which are numbered from *first*."""
        names = [*map(self._sampler.name, keys)]
        count = first + len(names)
        if count > self._kept.size:
            self._kept = np.concatenate((self._kept[:first], np.zeros(count, dtype=np.bool_)))
        self._kept[first:count] = [name is not None for name in names]
        self.names.update((number, name) for number, name in enumerate(names, first) if name)

    def count(self, keys: NDArray[np.int32]) -> None:
        """Count requests for keys that are known; end the reading once there are enough."""
        self._requests += int(np.count_nonzero(self._kept[keys]))
        self.ended = self.ended or self._requests > self._most_requests

    def places(self, keys: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return where in *keys* the ones stand that are kept."""
        return np.flatnonzero(self._kept[keys])
