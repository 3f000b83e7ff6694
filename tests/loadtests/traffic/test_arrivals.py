"""Open-loop arrivals: rate, dispersion, spacing."""

import numpy as np
import pytest
from scipy.special import chdtr, chdtrc

from loadtests.traffic.arrivals import Immediately, PacedArrivals, PoissonArrivals, RecordedArrivals
from loadtests.traffic.rate_shape import Shape

STEADY = Shape()


def dispersion_p(times, seconds, bin_seconds):
    """Return the dispersion test's two-sided p: Poisson counts have variance over mean 1."""
    counts = np.histogram(times, bins=np.arange(0, seconds + bin_seconds / 2, bin_seconds))[0]
    statistic = counts.var(ddof=1) / counts.mean() * (counts.size - 1)
    freedom = counts.size - 1
    return 2 * min(chdtr(freedom, statistic), chdtrc(freedom, statistic))


@pytest.mark.parametrize("bin_seconds", [1.0, 0.1])
def test_counts_of_poisson_arrivals_are_poisson(bin_seconds):
    times = PoissonArrivals(500.0, STEADY, seed=11).next_times(100_000)

    assert dispersion_p(times[times < 190], 190, bin_seconds) > 1e-3


def test_counts_of_paced_arrivals_are_not_poisson():
    times = PacedArrivals(500.0, STEADY).next_times(100_000)

    assert dispersion_p(times[times < 190], 190, 0.1) < 1e-9


@pytest.mark.parametrize("bin_seconds", [1.0, 0.1])
def test_independent_streams_add_up_to_poisson_arrivals(bin_seconds):
    streams = [PoissonArrivals(125.0, STEADY, seed=11, sequence=n) for n in range(4)]

    times = np.sort(np.concatenate([stream.next_times(25_000) for stream in streams]))

    assert dispersion_p(times[times < 190], 190, bin_seconds) > 1e-3


def test_rate_is_within_one_percent_over_ninety_thousand_arrivals():
    times = PoissonArrivals(500.0, STEADY, seed=1).next_times(90_000)

    assert pytest.approx(500.0, rel=0.01) == times.size / times[-1]


def test_paced_arrivals_are_evenly_spaced():
    times = PacedArrivals(200.0, STEADY).next_times(1_000)

    assert times[0] == 0.0
    assert np.allclose(np.diff(times), 0.005, atol=1e-12)


def test_paced_arrivals_that_start_later_stay_on_the_same_time_grid():
    times = PacedArrivals(100.0, STEADY, start=0.123).next_times(3)

    assert np.allclose(times, [0.13, 0.14, 0.15])


def test_poisson_arrivals_begin_at_their_start():
    times = PoissonArrivals(100.0, STEADY, seed=1, start=5.0).next_times(10)

    assert times[0] > 5.0


def test_times_do_not_depend_on_how_many_are_drawn_at_once():
    at_once = PoissonArrivals(10.0, STEADY, seed=2).next_times(1_000)
    arrivals = PoissonArrivals(10.0, STEADY, seed=2)

    in_parts = np.concatenate([arrivals.next_times(count) for count in (1, 499, 500)])

    assert np.allclose(at_once, in_parts)


def test_recorded_times_are_replayed_once():
    arrivals = RecordedArrivals(np.array([0.0, 0.5, 2.0]))

    assert arrivals.next_times(2).tolist() == [0.0, 0.5]
    assert arrivals.next_times(2).tolist() == [2.0]
    assert arrivals.next_times(2).size == 0


def test_closed_loop_arrivals_are_due_immediately():
    assert Immediately(lambda: 3.5).next_times(2).tolist() == [3.5, 3.5]


def test_a_ramp_brings_more_arrivals_later():
    ramp = Shape("ramp", peak=5.0, period_seconds=60.0)

    times = PoissonArrivals(100.0, ramp, seed=3).next_times(40_000)

    counts = np.histogram(times, bins=[0, 10, 50, 60, 70])[0]
    expected = 100.0 * np.diff(ramp.integral_at(np.array([0.0, 10, 50, 60, 70])))
    assert np.allclose(counts, expected, atol=5 * np.sqrt(expected))


def test_arrivals_within_a_spike_are_poisson_too():
    spike = Shape("spike", peak=10.0, period_seconds=100.0, spike_seconds=20.0)
    times = PoissonArrivals(100.0, spike, seed=3).next_times(30_000)

    peak = times[(times >= 80) & (times < 100)] - 80

    assert dispersion_p(peak, 20, 0.1) > 1e-3
    assert pytest.approx(20_000, rel=0.03) == peak.size
