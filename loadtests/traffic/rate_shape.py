"""How the arrival rate moves over a run: steady, ramp, step, spike, sine.

A shape is the rate relative to `--rate`. Arrivals come by time change: unit-rate arrivals at
`load` become arrivals at the times where the integrated relative rate reaches `load`; this keeps a
Poisson process exactly Poisson (with a moving rate) and an even one even.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHAPES = ("steady", "ramp", "step", "spike", "sine")
_POINTS = 4096


@dataclass(frozen=True)
class Shape:
    """One of SHAPES.

    Attributes:
        name: Which.
        peak: Highest rate relative to the base rate.
        period_seconds: ramp: time to reach the peak; step: length of each step; spike: when it
            comes, and each period again; sine: length of the day.
        spike_seconds: How long a spike lasts.
    """

    name: str = "steady"
    peak: float = 1.0
    period_seconds: float = 60.0
    spike_seconds: float = 10.0

    def rate_at(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the relative rate at *times*, seconds since the start of the run."""
        phase = times / self.period_seconds
        extra = self.peak - 1.0
        if self.name == "ramp":
            return 1.0 + extra * np.minimum(phase, 1.0)
        if self.name == "step":
            return np.asarray(1.0 + extra * (np.floor(phase) % 2))
        if self.name == "spike":
            return 1.0 + extra * self.in_spike(times).astype(np.float64)
        if self.name == "sine":
            return 1.0 + extra * (1.0 - np.cos(2 * np.pi * phase)) / 2.0
        return np.ones_like(times)

    def in_spike(self, times: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which of *times* lie in a spike: the last spike_seconds of each period."""
        since = times % self.period_seconds
        late: NDArray[np.bool_] = since >= self.period_seconds - self.spike_seconds
        return late & (self.name == "spike")

    def times_of(self, load: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return when the integrated relative rate reaches each of *load* (ascending, in s)."""
        if self.name == "steady" or load.size == 0:
            return load
        period = self.period_seconds
        if self.name == "ramp":
            return self._ramp_times(load, self._period_load(np.array([period]))[0])
        if self.name == "sine":
            return self._repeated(load, np.linspace(0.0, period, _POINTS + 1))
        change = period - self.spike_seconds if self.name == "spike" else period
        end = period if self.name == "spike" else 2.0 * period
        return self._repeated(load, np.array([0.0, change, end]))

    def load_at(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the integrated relative rate from 0 to each of *times*."""
        if self.name == "steady":
            return times
        if self.name == "ramp":
            after = np.maximum(times - self.period_seconds, 0.0)
            return self._period_load(np.minimum(times, self.period_seconds)) + after * self.peak
        span = self.period_seconds * (2.0 if self.name == "step" else 1.0)
        whole, rest = np.divmod(times, span)
        return np.asarray(whole * self._period_load(np.array([span]))[0] + self._period_load(rest))

    def _period_load(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Integrate the relative rate over [0, times] within the first cycle, exactly."""
        extra, period = self.peak - 1.0, self.period_seconds
        if self.name == "ramp":
            return times + extra * times**2 / (2.0 * period)
        if self.name == "step":
            return times + extra * np.maximum(times - period, 0.0)
        if self.name == "spike":
            return times + extra * np.maximum(times - (period - self.spike_seconds), 0.0)
        turn = 2.0 * np.pi / period
        return times + extra * (times - np.sin(turn * times) / turn) / 2.0

    def _ramp_times(
        self, load: NDArray[np.float64], period_load: np.float64
    ) -> NDArray[np.float64]:
        slope = (self.peak - 1.0) / self.period_seconds
        inside = np.minimum(load, period_load)
        # the stable root of slope/2 t² + t - inside = 0, which is inside itself at slope 0
        early = 2.0 * inside / (1.0 + np.sqrt(np.maximum(1.0 + 2.0 * slope * inside, 0.0)))
        return early + (load - inside) / self.peak

    def _repeated(
        self, load: NDArray[np.float64], grid: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Invert a cycle by table: exact where the rate is constant between grid points."""
        at_grid = self._period_load(grid)
        whole, rest = np.divmod(load, at_grid[-1])
        times: NDArray[np.float64] = np.interp(rest, at_grid, grid)
        if self.name == "sine":  # one Newton step from the table's chord to the curve
            times = times + (rest - self._period_load(times)) / self.rate_at(times)
        return np.asarray(whole * grid[-1] + np.clip(times, 0.0, grid[-1]))
