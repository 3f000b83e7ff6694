"""A trace as a popularity: ids in file order, from one stream."""

import numpy as np
from numpy.typing import NDArray

from loadtests.traffic.popularity import Masses


class TracePopularity:
    """Replays *ids* once."""

    ordered = True

    def __init__(self, ids: NDArray[np.int64]) -> None:
        self._ids = ids
        self.largest_id = int(ids.max())

    def sampler(self, stream: int) -> "TraceSampler":
        """Return a replay; the same for every *stream*."""
        del stream
        return TraceSampler(self._ids)

    def masses(self) -> Masses | None:
        """Return None: a trace is replayed, not drawn from."""
        return None


class TraceSampler:
    """The ids of a trace, one after the other."""

    def __init__(self, ids: NDArray[np.int64]) -> None:
        self._ids = ids
        self._sent = 0

    def draw(self, times: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the next ids, one for each of *times*; fewer at the end of the trace."""
        part = self._ids[self._sent : self._sent + times.size]
        self._sent += part.size
        return part
