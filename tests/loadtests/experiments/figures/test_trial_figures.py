"""The figures of a trial: ratios, percentiles and intervals."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.experiments.figures.intervals import batch_interval, mean_interval, quantile
from loadtests.experiments.figures.trial_figures import figures_of
from loadtests.sender.samples import RESULT_INDEX
from loadtests.service_under_test.contract import hit_ratio, offload_ratio
from loadtests.service_under_test.counters import parse_counters

COUNTS = st.integers(0, 10_000)


def test_figures_of_a_trial_are_those_computed_by_hand(record, samples):
    figures = figures_of(record(), samples())

    assert figures.lookups == 1000
    assert figures.hit_ratio == 0.9
    assert figures.offload_ratio == pytest.approx(0.9)
    assert (figures.hit_ratio_low, figures.hit_ratio_high) == pytest.approx((0.9, 0.9))
    assert figures.store_queries_per_second == pytest.approx(10)
    assert figures.achieved_rate == pytest.approx(100)
    assert figures.target_rate == 100
    assert figures.window_seconds == pytest.approx(10)
    assert figures.results["hit"] == 900
    assert figures.trusted


def test_window_whose_clock_was_set_back_has_no_length_and_no_rates(record, samples):
    readings = record().readings
    back = dataclasses.replace(readings[-1], at=readings[-1].at - 86_400)

    figures = figures_of(record(readings=[*readings[:-1], back]), samples())

    assert figures.window_seconds is None
    assert figures.achieved_rate is None
    assert figures.store_queries_per_second is None
    assert figures.hit_ratio == 0.9


def test_percentiles_are_taken_within_the_window_by_result_and_clock(record, samples):
    figures = figures_of(record(), samples())

    hits, misses = figures.percentiles["hit response"], figures.percentiles["miss service"]
    assert hits.samples == pytest.approx(10 / 12 * 2000, abs=2)
    assert hits.p50 == pytest.approx(0.001 + 0.001 * 6.5 / 12, abs=1e-5)
    assert misses.p50 == pytest.approx(0.006)


def test_percentile_with_too_few_samples_beyond_it_is_unknown(record, samples):
    figures = figures_of(record(), samples())

    misses = figures.percentiles["miss response"]
    assert misses.samples < 200
    assert misses.p95 is None
    assert misses.p99 is None
    assert [doubt.kind for doubt in figures.doubts] == ["few-samples"]


def test_trace_has_no_sampling_interval(record, samples):
    figures = figures_of(record(window=None), samples())

    assert figures.hit_ratio == 0.9
    assert figures.hit_ratio_low is None
    assert figures.percentiles["hit response"].samples == 2000


def test_trial_with_the_cache_off_has_no_ratio(record, samples):
    readings = [
        dataclasses.replace(
            reading,
            counters=dataclasses.replace(
                reading.counters,
                lookups={"bypass": reading.counters.lookups["hit"]},
            ),
        )
        for reading in record().readings
    ]
    trial = dataclasses.replace(record().trial, ttl_seconds=0.0)

    figures = figures_of(record(readings=readings, trial=trial), samples())

    assert figures.hit_ratio is None
    assert figures.offload_ratio is None
    assert figures.lookups == 900
    assert "bypass" not in [doubt.kind for doubt in figures.doubts]


def test_aborted_trial_has_no_figures_and_is_not_trusted(record, samples):
    aborted = record(readings=[], after=None, load=None, aborted="the load ended")

    figures = figures_of(aborted, samples()[:0])

    assert figures.hit_ratio is None
    assert figures.achieved_rate is None
    assert figures.lookups is None
    assert figures.results is None
    assert figures.window_seconds is None
    assert not figures.trusted


def test_interval_of_a_mean_uses_students_t():
    low, high, error = mean_interval([1.0, 2.0, 3.0, 4.0, 5.0])

    assert (low, high) == pytest.approx((3 - 1.96324, 3 + 1.96324), abs=1e-4)
    assert error == pytest.approx((2.5 / 5) ** 0.5)


def test_interval_needs_two_values_and_batches_with_lookups():
    assert mean_interval([1.0]) is None
    assert batch_interval(0.5, [1, 0], [2, 0]) is None
    assert batch_interval(0.5, [], []) is None


@given(st.lists(st.tuples(COUNTS, st.integers(1, 10_000)), min_size=2, max_size=40))
def test_interval_of_a_ratio_contains_it_and_stays_between_zero_and_one(batches):
    lookups = [hits + others for hits, others in batches]
    hits = [batch[0] for batch in batches]
    estimate = sum(hits) / sum(lookups)

    low, high, _ = batch_interval(estimate, hits, lookups)

    assert 0 <= low <= estimate <= high <= 1


@given(seed=st.integers(0, 1000), count=st.integers(1000, 3000), spread=st.floats(0, 3))
def test_quantiles_rise_up_to_the_largest_sample(seed, count, spread):
    seconds = np.random.default_rng(seed).lognormal(-6, spread, count)

    p50, p95, p99 = (quantile(seconds, q) for q in (0.5, 0.95, 0.99))

    assert p50 <= p95 <= p99 <= seconds.max()


def test_quantile_is_the_sample_of_the_nearest_rank():
    seconds = np.arange(1, 1001) / 1000

    assert quantile(seconds, 0.99) == 0.99
    assert quantile(seconds[:999], 0.99) is None
    assert quantile(seconds[:0], 0.5) is None


@given(st.lists(COUNTS, min_size=7, max_size=7))
def test_ratios_stay_between_zero_and_one_and_offload_is_never_below_the_hit_ratio(counts):
    words = ("hit", "near", "stale", "negative", "miss", "coalesced", "bypass")
    lookups = dict(zip(words, counts, strict=True))

    ratio, offload = hit_ratio(lookups), offload_ratio(lookups)

    if sum(counts[:6]) == 0:
        assert ratio is None
        assert offload is None
    else:
        assert 0 <= ratio <= offload + 1e-12 <= 1 + 1e-12


def test_counters_of_several_processes_are_summed():
    text = (
        "# HELP cacheaside_lookups_total Lookups\n"
        'cacheaside_lookups_total{result="hit"} 5.0\n'
        'cacheaside_lookups_total{result="miss"} 2.0\n'
        'cacheaside_store_queries_total{op="select",outcome="ok"} 2.0\n'
        'cacheaside_cache_key_reads_total{found="true"} 1e+03\n'
        "python_info 1.0\n"
    )

    counters = parse_counters([text, text])

    assert counters.lookups == {"hit": 10, "miss": 4}
    assert counters.store_queries == {"select ok": 4}
    assert counters.key_reads == {"true": 2000}


def test_hit_and_miss_are_results_of_the_samples():
    assert {"hit", "miss"} <= set(RESULT_INDEX)
