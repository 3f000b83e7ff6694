"""Latency histograms: resolution, quantiles, sums."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.sender.histogram import Histogram, bucket_milliseconds


def of(*seconds):
    histogram = Histogram()
    histogram.add(np.array(seconds, dtype=np.float64))
    return histogram


@given(st.floats(0.0, 0.0999))
def test_a_latency_below_100_ms_is_kept_to_a_tenth_of_a_millisecond(seconds):
    assert abs(of(seconds).quantile(0.5) - seconds) <= 0.0001


@given(st.floats(0.0, 99.99))
def test_locust_rows_keep_a_tenth_of_a_millisecond_below_100_ms(milliseconds):
    assert abs(bucket_milliseconds(milliseconds) - milliseconds) <= 0.0501


@given(st.floats(100.0, 99_999.0))
def test_locust_rows_keep_two_digits_above_100_ms(milliseconds):
    assert bucket_milliseconds(milliseconds) == pytest.approx(milliseconds, rel=0.005)


@given(st.lists(st.floats(0.0, 90.0), min_size=1, max_size=200))
def test_quantiles_rise_up_to_the_largest_latency(seconds):
    histogram = of(*seconds)

    quantiles = [histogram.quantile(ratio) for ratio in (0.0, 0.5, 0.95, 0.99, 1.0)]

    assert quantiles == sorted(quantiles)
    assert quantiles[-1] == pytest.approx(max(seconds), rel=0.01, abs=1e-5)


def test_an_empty_histogram_has_no_quantile():
    assert Histogram().quantile(0.5) is None


def test_counts_below_a_bound_are_exact():
    histogram = of(0.0009, 0.001, 0.0011, 0.5)

    assert histogram.counts_below((0.001, 0.0025, 1.0)) == [1, 3, 4]


def test_a_negative_duration_counts_as_zero():
    assert of(-0.001).quantile(1.0) == pytest.approx(0.0, abs=1e-5)


def test_a_histogram_survives_packing_and_unpacking():
    histogram = of(0.0012, 0.03, 250.0)

    copy = Histogram.from_message(histogram.to_message())

    assert copy.count == 3
    assert copy.sum_seconds == histogram.sum_seconds
    assert np.array_equal(copy.counts, histogram.counts)


def test_histograms_of_processes_add_up():
    total = of(0.001, 0.002)
    total.merge(of(0.003))

    assert total.count == 3
    assert total.sum_seconds == pytest.approx(0.006)


def test_latencies_of_an_hour_are_resolved_too():
    histogram = Histogram()
    histogram.add(np.array([3600.0] * 10))

    assert histogram.quantile(0.99) == pytest.approx(3600.0, rel=0.01)
