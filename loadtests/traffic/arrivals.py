"""When a request is meant to start: open-loop arrival streams that know nothing of responses.

Each scenario of a run has its users' share of the target rate. The superposition of independent
Poisson streams is Poisson with the sum of the rates.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from loadtests.traffic.rate_shape import Shape

ARRIVALS = ("poisson", "paced")
_GAPS = 3


class Arrivals(Protocol):
    """Intended start times, in seconds since the start of the run."""

    def next_times(self, count: int) -> NDArray[np.float64]:
        """Return the next *count* times, ascending; fewer at the end, none after it."""


class PoissonArrivals:
    """Exponential gaps: arrivals that do not know of each other.

    Args:
        rate: Arrivals a second, before the shape.
        shape: Moves the rate over the run.
        seed: Fixes the gaps, together with *stream*.
        stream: Sequences of different numbers are independent.
        start: First possible time, seconds since the start of the run.
    """

    def __init__(
        self, rate: float, shape: Shape, seed: int, stream: int = 0, start: float = 0.0
    ) -> None:
        self._gap = 1.0 / rate
        self._shape = shape
        self._generator = np.random.default_rng([seed, _GAPS, stream])
        self._load = float(shape.load_at(np.array([start]))[0])

    def next_times(self, count: int) -> NDArray[np.float64]:
        """Return the next *count* times."""
        gaps = self._generator.exponential(self._gap, count)
        load = self._load + np.cumsum(gaps)
        self._load = float(load[-1])
        return self._shape.times_of(load)


class PacedArrivals:
    """Every 1/rate seconds.

    Args:
        rate: Arrivals a second, before the shape.
        shape: Moves the rate over the run.
        phase: Where in the first gap the first one comes, 0 to 1.
        start: First possible time, seconds since the start of the run.
    """

    def __init__(self, rate: float, shape: Shape, phase: float = 0.0, start: float = 0.0) -> None:
        self._gap = 1.0 / rate
        self._phase = phase
        self._shape = shape
        load = float(shape.load_at(np.array([start]))[0])
        self._slot = max(0, int(np.ceil(load / self._gap - self._phase - 1e-9)))

    def next_times(self, count: int) -> NDArray[np.float64]:
        """Return the next *count* times."""
        slots = np.arange(self._slot, self._slot + count, dtype=np.float64)
        self._slot += count
        return self._shape.times_of((slots + self._phase) * self._gap)


class RecordedArrivals:
    """The times that a trace brings along, scaled by *speed*."""

    def __init__(self, times: NDArray[np.float64], speed: float = 1.0) -> None:
        self._times = times / speed
        self._sent = 0

    def next_times(self, count: int) -> NDArray[np.float64]:
        """Return the next *count* times; fewer at the end of the trace."""
        part = self._times[self._sent : self._sent + count]
        self._sent += part.size
        return part


class Immediately:
    """Whenever asked: for closed loops, which have no schedule."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now

    def next_times(self, count: int) -> NDArray[np.float64]:
        """Return the present, *count* times."""
        return np.full(count, self._now())
