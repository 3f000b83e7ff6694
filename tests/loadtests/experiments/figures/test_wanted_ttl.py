"""Which TTL reaches the wanted hit ratio: from trusted trials, by the low end of the interval."""

from dataclasses import replace

import pytest

from loadtests.experiments.figures.conclusions import wanted_ttl_sentence
from loadtests.experiments.figures.doubt import Doubt
from loadtests.experiments.figures.pooled import pool
from loadtests.experiments.figures.trial_figures import figures_of

T_QUANTILE = 2.2622  # Of Student's t with nine degrees of freedom, for 95 %.
DOUBTED = Doubt("evictions", "Redis evicted 4 keys", "raise maxmemory")


@pytest.fixture
def trial(record, samples):
    """Return a function that makes a trial of a TTL with a hit ratio and its interval's half."""
    made = figures_of(record(), samples())

    def make(ttl_seconds, ratio, half=0.01, *, doubted=False):
        return replace(
            made,
            ttl_seconds=float(ttl_seconds),
            hit_ratio=ratio,
            hit_ratio_low=None if half is None else ratio - half,
            hit_ratio_high=None if half is None else ratio + half,
            hit_ratio_error=None if half is None else half / T_QUANTILE,
            batches=0 if half is None else 10,
            doubts=[DOUBTED] if doubted else [],
        )

    return make


def test_ttl_whose_interval_lies_above_the_wanted_ratio_reaches_it(trial):
    trials = [trial(1, 0.5), trial(2, 0.92), trial(5, 0.97)]

    assert wanted_ttl_sentence(0.9, trials) == (
        "The smallest TTL measured that reaches a hit ratio of 0.9 is 2 s (0.920)."
    )


def test_smaller_ttl_that_is_doubted_is_unknown(trial):
    trials = [trial(1, 0.99, doubted=True), trial(2, 0.92)]

    assert wanted_ttl_sentence(0.9, trials) == (
        "The smallest TTL measured that reaches a hit ratio of 0.9 is 2 s (0.920). "
        "Whether a smaller one does is unknown: TTL 1 s is doubted."
    )


def test_interval_around_the_wanted_ratio_is_too_close_to_call(trial):
    assert wanted_ttl_sentence(0.9, [trial(1, 0.905)]) == (
        "Whether a TTL reaches a hit ratio of 0.9 is unknown: TTL 1 s is too close to call "
        "(0.895 to 0.915); of the trusted ones the best is 0.905 at 1 s."
    )


def test_doubted_ttl_is_never_the_best(trial):
    trials = [trial(1, 0.5), trial(4, 0.8, doubted=True)]

    assert wanted_ttl_sentence(0.9, trials) == (
        "Whether a TTL reaches a hit ratio of 0.9 is unknown: TTL 4 s is doubted; "
        "of the trusted ones the best is 0.500 at 1 s."
    )


def test_sweep_whose_every_trial_is_doubted_answers_unknown(trial):
    trials = [trial(5, 0.95, doubted=True)] * 2

    assert wanted_ttl_sentence(0.9, trials) == (
        "Whether a TTL reaches a hit ratio of 0.9 is unknown: TTL 5 s is doubted."
    )


def test_doubted_repetition_leaves_the_answer_to_the_trusted_ones(trial):
    trials = [trial(1, 0.95), trial(1, 0.2, doubted=True)]

    assert "is 1 s (0.950)." in wanted_ttl_sentence(0.9, trials)


def test_best_is_the_mean_of_repetitions_and_never_their_maximum(trial):
    trials = [trial(1, 0.60), trial(1, 0.80), trial(2, 0.72)]

    assert wanted_ttl_sentence(0.9, trials) == (
        "No TTL measured reaches a hit ratio of 0.9: the best is 0.720 at 2 s. "
        "Whether one above 2 s does was not measured."
    )


def test_interval_of_repetitions_is_narrower_than_that_of_each(trial):
    (pooled,) = pool([trial(1, 0.80, 0.02) for _ in range(4)])

    # Half as wide, and less for the 36 degrees of freedom that four trials of ten batches have.
    half = 0.02 / 2 * 2.0281 / T_QUANTILE
    assert (pooled.low, pooled.high) == pytest.approx((0.80 - half, 0.80 + half), rel=1e-4)
    assert pooled.trials == 4


def test_ratio_of_a_trace_has_no_interval_and_counts_as_it_is(trial):
    assert "is 1 s (0.900)." in wanted_ttl_sentence(0.9, [trial(1, 0.9, None)])


def test_sweep_without_cache_has_no_answer(trial):
    off = replace(trial(0, 0.5), hit_ratio=None, hit_ratio_low=None, hit_ratio_high=None)

    assert wanted_ttl_sentence(0.9, [off]) == (
        "Whether a TTL reaches a hit ratio of 0.9 is unknown: no trial has one."
    )
