"""How the arrival rate moves over a run: steady, ramp, step, spike, sine.

A shape is the rate relative to `--rate`. Arrivals of a constant rate are moved to the times at
which the integral of the relative rate reaches their own times. This time change keeps a Poisson
process exactly Poisson (with a moving rate), and paced arrivals evenly paced.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHAPES = ("steady", "ramp", "step", "spike", "sine")
_POINTS = 4096


@dataclass(frozen=True)
class Shape:
    """How the rate moves over a run.

    Attributes:
        name: One of SHAPES.
        peak: Highest rate relative to the base rate.
        period_seconds: ramp: time to reach the peak; step: length of each step; spike: time from
            the end of one spike to the end of the next; sine: length of the day.
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

    def times_of(self, integrals: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return when the integrated relative rate reaches each of *integrals* (ascending)."""
        if self.name == "steady" or integrals.size == 0:
            return integrals
        period = self.period_seconds
        if self.name == "ramp":
            return self._ramp_times(integrals, self._period_integral(np.array([period]))[0])
        if self.name == "sine":
            return self._repeated(integrals, np.linspace(0.0, period, _POINTS + 1))
        change = period - self.spike_seconds if self.name == "spike" else period
        end = period if self.name == "spike" else 2.0 * period
        return self._repeated(integrals, np.array([0.0, change, end]))

    def integral_at(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the integrated relative rate from 0 to each of *times*."""
        if self.name == "steady":
            return times
        if self.name == "ramp":
            after = np.maximum(times - self.period_seconds, 0.0)
            return self._period_integral(np.minimum(times, self.period_seconds)) + after * self.peak
        span = self.period_seconds * (2.0 if self.name == "step" else 1.0)
        whole, rest = np.divmod(times, span)
        of_span = self._period_integral(np.array([span]))[0]
        return np.asarray(whole * of_span + self._period_integral(rest))

    def _period_integral(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
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
        self, integrals: NDArray[np.float64], period_integral: np.float64
    ) -> NDArray[np.float64]:
        slope = (self.peak - 1.0) / self.period_seconds
        inside = np.minimum(integrals, period_integral)
        # The stable root of slope/2 t² + t - inside = 0, which is inside itself at slope 0.
        early = 2.0 * inside / (1.0 + np.sqrt(np.maximum(1.0 + 2.0 * slope * inside, 0.0)))
        return early + (integrals - inside) / self.peak

    def _repeated(
        self, integrals: NDArray[np.float64], grid: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Invert the integral by table: exact if the rate is constant between its points."""
        at_grid = self._period_integral(grid)
        whole, rest = np.divmod(integrals, at_grid[-1])
        times: NDArray[np.float64] = np.interp(rest, at_grid, grid)
        if self.name == "sine":  # One Newton step leads from the table's chord to the curve.
            times = times + (rest - self._period_integral(times)) / self.rate_at(times)
        return np.asarray(whole * grid[-1] + np.clip(times, 0.0, grid[-1]))
