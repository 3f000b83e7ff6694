"""The sentences about a sweep: from the pooled repetitions of trusted trials."""

from dataclasses import replace

import pytest

from loadtests.experiments.figures.conclusions import conclusions
from loadtests.experiments.figures.doubt import Doubt
from loadtests.experiments.figures.trial_figures import Percentiles, figures_of

DOUBTED = Doubt("evictions", "Redis evicted 4 keys", "raise maxmemory")


@pytest.fixture
def trial(record, samples):
    """Return a function that makes a trial of a TTL with a hit ratio and queries per second."""
    made = figures_of(record(), samples())

    def make(ttl_seconds, ratio, queries=50.0, p50=0.001, *, doubted=False):
        times = Percentiles(p50, p50, p50, 2000)
        return replace(
            made,
            ttl_seconds=float(ttl_seconds),
            hit_ratio=ratio,
            hit_ratio_error=0.005,
            batches=10,
            store_queries_per_second=queries,
            percentiles=dict.fromkeys(made.percentiles, times),
            doubts=[DOUBTED] if doubted else [],
        )

    return make


@pytest.fixture
def said(run_record):
    """Return a function that joins the conclusions from trials."""

    def say(*trials):
        return " ".join(conclusions(run_record, list(trials)))

    return say


def test_effect_of_the_ttl_is_that_of_the_pooled_repetitions(trial, said):
    trials = [trial(1, 0.5, 60), trial(1, 0.6, 40), trial(5, 0.8, 20), trial(5, 0.9, 10)]

    assert (
        "From a TTL of 1 s to 5 s the hit ratio goes from 0.550 to 0.850, "
        "and the store gets 15 instead of 50 queries per second."
    ) in said(*trials)


def test_hit_ratios_whose_intervals_overlap_do_not_measurably_change(trial, said):
    text = said(trial(1, 0.900), trial(5, 0.905))

    assert "the hit ratio does not measurably change (0.900 to 0.905" in text


def test_doubted_ttl_is_unknown_and_not_the_end_of_an_effect(trial, said):
    text = said(trial(1, 0.5), trial(2, 0.7), trial(5, 0.99, doubted=True))

    assert "From a TTL of 1 s to 2 s" in text
    assert "What a TTL of 5 s does is unknown: no trial of it is trusted." in text
    assert "0.99" not in text


def test_doubted_repetition_leaves_its_ttl_to_the_trusted_ones(trial, said):
    text = said(trial(1, 0.5), trial(5, 0.8), trial(5, 0.2, doubted=True))

    assert "goes from 0.500 to 0.800" in text
    assert "What a TTL of" not in text


def test_medians_of_repetitions_are_given_as_a_range(trial, said):
    text = said(trial(1, 0.5), trial(5, 0.8, p50=0.0011), trial(5, 0.8, p50=0.0024))

    assert "At 5 s half of the hits are answered within 1.1 to 2.4 ms, " in text
    assert "half of the misses within 1.1 to 2.4 ms." in text
