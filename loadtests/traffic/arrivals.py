"""When requests are meant to start: open-loop arrivals, which do not depend on responses.

Each scenario of a run has its users' share of the target rate. Independent Poisson processes add up
to a Poisson process with the sum of their rates.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from loadtests.traffic.rate_shape import Shape

ARRIVALS = ("poisson", "paced")
_GAPS = 3


class Arrivals(Protocol):
    """A series of intended start times, in seconds since the start of the run."""

    def next_times(self, count: int) -> NDArray[np.float64]:
        """Return the next *count* times, ascending; fewer at the end, then none."""


class PoissonArrivals:
    """Independent arrivals: the gaps between them are exponential.

    Args:
        rate: Arrivals per second, before the shape.
        shape: How the rate moves over the run.
        seed: Fixes the gaps, together with *sequence*.
        sequence: Number of the random sequence; sequences of different numbers are independent.
        start: First possible time, seconds since the start of the run.
    """

    def __init__(
        self, rate: float, shape: Shape, seed: int, sequence: int = 0, start: float = 0.0
    ) -> None:
        self._gap = 1.0 / rate
        self._shape = shape
        self._generator = np.random.default_rng([seed, _GAPS, sequence])
        self._integral = float(shape.integral_at(np.array([start]))[0])

    def next_times(self, count: int) -> NDArray[np.float64]:
        """Return the next *count* times."""
        gaps = self._generator.exponential(self._gap, count)
        integrals = self._integral + np.cumsum(gaps)
        self._integral = float(integrals[-1])
        return self._shape.times_of(integrals)


class PacedArrivals:
    """Evenly paced arrivals: one every 1/rate seconds.

    Args:
        rate: Arrivals per second, before the shape.
        shape: How the rate moves over the run.
        phase: Position of the first arrival in the first gap, 0 to 1.
        start: First possible time, seconds since the start of the run.
    """

    def __init__(self, rate: float, shape: Shape, phase: float = 0.0, start: float = 0.0) -> None:
        self._gap = 1.0 / rate
        self._phase = phase
        self._shape = shape
        integral = float(shape.integral_at(np.array([start]))[0])
        self._slot = max(0, int(np.ceil(integral / self._gap - self._phase - 1e-9)))

    def next_times(self, count: int) -> NDArray[np.float64]:
        """Return the next *count* times."""
        slots = np.arange(self._slot, self._slot + count, dtype=np.float64)
        self._slot += count
        return self._shape.times_of((slots + self._phase) * self._gap)


class RecordedArrivals:
    """Arrivals at the times recorded in a trace.

    Args:
        times: Seconds since the first one.
    """

    def __init__(self, times: NDArray[np.float64]) -> None:
        self._rest = times

    def next_times(self, count: int) -> NDArray[np.float64]:
        """Return the next *count* times; fewer at the end of the trace."""
        part, self._rest = self._rest[:count], self._rest[count:]
        return part


class Immediately:
    """Arrivals at the moment they are drawn: for closed loops, which have no schedule.

    Args:
        now: Seconds since the start of the run.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now

    def next_times(self, count: int) -> NDArray[np.float64]:
        """Return the present time *count* times."""
        return np.full(count, self._now())
