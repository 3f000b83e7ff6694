"""A trial over time, bucket by bucket."""

import numpy as np
import pytest

from loadtests.experiments.figures.time_series import MOST_BUCKETS, time_series
from loadtests.prediction.measuring_window import Window
from loadtests.sender.samples import RESULT_INDEX, SAMPLE_DTYPE


def taken(intended, results, response):
    samples = np.zeros(len(intended), dtype=SAMPLE_DTYPE)
    samples["intended"] = intended
    samples["response"] = response
    samples["result"] = [RESULT_INDEX[word] for word in results]
    return samples


def test_values_of_a_bucket_are_those_of_lookups_meant_to_start_in_it():
    # 40 lookups in 2 s: buckets of 1 s hold 20 each.
    early = np.linspace(0.0, 0.99, 20)
    samples = taken(
        [*early, *(early + 1.0)],
        [*["hit"] * 15, *["miss"] * 5, *["stale"] * 10, *["bypass"] * 10],
        [*[0.001] * 15, *[0.02] * 5, *[0.003] * 10, *[0.5] * 10],
    )

    series = time_series(samples, Window(0.5, 0.5, 3))

    assert series.width_seconds == 1.0
    assert series.hit_ratio == [0.75, 1.0]
    assert series.median_seconds == pytest.approx([0.001, 0.003])
    assert series.slowest_seconds == pytest.approx([0.02, 0.5])
    assert (series.opens, series.closes) == (0.5, 2.0)


def test_bucket_without_lookups_is_unknown():
    moments = [*np.linspace(0.0, 0.99, 80), *np.linspace(2.0, 2.99, 80)]
    samples = taken(moments, ["hit"] * 160, 0.001)

    series = time_series(samples, None)

    empty = int(1.5 / series.width_seconds)
    assert series.hit_ratio[empty] is None
    assert series.median_seconds[empty] is None
    assert series.opens is None


def test_buckets_are_few_and_round_however_long_a_trial_is():
    for seconds in (5, 60, 4000):
        samples = taken(np.linspace(0, seconds, 100_000), ["hit"] * 100_000, 0.001)

        series = time_series(samples, None)

        assert MOST_BUCKETS / 3 < len(series.hit_ratio) <= MOST_BUCKETS + 1


def test_nothing_is_drawn_without_samples():
    assert time_series(np.zeros(0, dtype=SAMPLE_DTYPE), None) is None
