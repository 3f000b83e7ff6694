"""Shapes of the rate: the integrated rate and its inverse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.traffic.rate_shape import SHAPES, Shape

TIMES = np.linspace(0.0, 200.0, 4001)

shapes = st.builds(
    Shape,
    st.sampled_from(SHAPES),
    st.floats(0.1, 100),
    st.floats(2.0, 100.0),
    st.floats(0.1, 1.9),
)


@given(shape=shapes)
def test_arrival_times_invert_the_integrated_rate(shape):
    load = shape.integral_at(TIMES)

    assert np.allclose(shape.times_of(load), TIMES, atol=1e-6)


@given(shape=shapes)
def test_integrated_rate_always_rises(shape):
    assert (np.diff(shape.integral_at(TIMES)) > 0).all()


@pytest.mark.parametrize("name", ["steady", "ramp", "sine"])
def test_closed_form_of_the_integrated_rate_matches_numerical_integration(name):
    shape = Shape(name, peak=4.0, period_seconds=37.0)
    fine = np.linspace(0.0, 200.0, 200_001)

    integral = np.concatenate([[0.0], np.cumsum(shape.rate_at((fine[1:] + fine[:-1]) / 2))])

    assert np.allclose(shape.integral_at(fine), integral * (fine[1] - fine[0]), atol=1e-3)


def test_a_step_alternates_between_base_and_peak():
    rates = Shape("step", peak=3.0, period_seconds=10.0).rate_at(np.array([5.0, 15.0, 25.0]))

    assert rates.tolist() == [1.0, 3.0, 1.0]


def test_a_spike_lies_at_the_end_of_its_period():
    spike = Shape("spike", peak=3.0, period_seconds=10.0, spike_seconds=2.0)

    assert spike.in_spike(np.array([0.0, 7.9, 8.0, 9.9, 10.0])).tolist() == [
        False,
        False,
        True,
        True,
        False,
    ]


def test_no_other_shape_has_a_spike():
    assert not Shape("ramp", 5.0, 10.0, 2.0).in_spike(np.array([9.0])).any()
