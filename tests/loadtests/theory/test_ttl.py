"""Properties of the formulas for hit ratio, staleness and latency."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.theory import latency, staleness, ttl

positive = st.floats(1e-3, 1e4)


@given(rate=positive, ttl_seconds=positive)
def test_hit_ratio_stays_between_zero_and_one(rate, ttl_seconds):
    assert 0 <= ttl.hit_ratio(np.array([rate, rate / 7]), ttl_seconds) <= 1


@given(rate=positive, ttl_seconds=st.floats(0.01, 100))
def test_longer_ttl_never_lowers_the_hit_ratio(rate, ttl_seconds):
    rates = np.array([rate, 1.0])

    assert ttl.hit_ratio(rates, ttl_seconds) <= ttl.hit_ratio(rates, 2 * ttl_seconds)


def test_only_the_product_of_rate_and_ttl_matters():
    rates = np.array([3.0, 1.0, 0.2])

    assert ttl.hit_ratio(10 * rates, 3) == pytest.approx(ttl.hit_ratio(rates, 30))


def test_paced_reads_further_apart_than_the_ttl_never_hit():
    alone = np.array([1.0])

    assert ttl.paced_hit_ratios(alone, rate=0.5, ttl_seconds=1.9)[0] == 0
    assert ttl.paced_hit_ratios(alone, rate=0.5, ttl_seconds=4.1)[0] == pytest.approx(2 / 3)


def test_erlang_gaps_have_a_lower_hit_ratio_than_poisson_gaps():
    mean_arrivals = 5 - (1 - np.exp(-20)) / 4

    assert ttl.renewal_hit_ratio(mean_arrivals) < 5 / 6


def test_jitter_keeps_the_mean_lifetime_of_an_entry_without_writes():
    lifetimes = ttl.lifetimes(np.array([0.0]), 10, jitter_ratio=0.5)

    assert lifetimes[0] == 10


def test_jitter_shortens_the_mean_lifetime_of_an_entry_slightly_under_writes():
    writes = np.array([0.3])

    plain, jittered = (ttl.lifetimes(writes, 10, ratio)[0] for ratio in (0, 0.5))

    assert plain == pytest.approx((1 - np.exp(-3)) / 0.3)
    assert jittered == pytest.approx((1 - np.exp(-3) * np.sinh(1.5) / 1.5) / 0.3)
    assert jittered < plain


def test_jitter_changes_nothing_where_writes_end_entries_long_before_their_ttl():
    lifetimes = ttl.lifetimes(np.array([1.0]), 1e6, jitter_ratio=0.9)

    assert lifetimes[0] == pytest.approx(1.0)


def test_fill_time_lowers_the_hit_ratio_under_writes():
    rates, writes = np.array([50.0]), np.array([0.1])

    hit = ttl.hit_ratios_with_writes(rates, writes, 5, fill_seconds=0.2)[0]

    lifetime = (1 - np.exp(-0.5)) / 0.1
    attempt = 1 / 50 + (1 - np.exp(-0.02)) / 0.1
    assert hit == pytest.approx(lifetime / (lifetime + np.exp(0.02) * attempt))


def test_cached_absences_count_as_hits():
    rates, missing = np.array([9.0]), np.array([1.0])

    without = ttl.hit_ratio_with_missing(rates, 1, missing, 0)
    cached = ttl.hit_ratio_with_missing(rates, 1, missing, 4)

    assert without == pytest.approx(0.9 * 0.9)
    assert cached == pytest.approx(0.9 * 0.9 + 0.1 * 0.8)


def test_hit_ratio_of_one_item_varies_less_than_that_of_coin_flips():
    hit = 0.8

    assert ttl.sampling_variance(np.array([4.0]), 1) == pytest.approx(hit * (1 - hit) ** 2)


def test_no_write_within_the_ttl_leaves_no_stale_read():
    assert staleness.stale_share_of_hits(0, 10) == 0
    assert staleness.mean_lag_per_hit(0, 10) == 0
    assert staleness.stale_share_after_write(11, 0.9, 10) == 0


def test_slow_fill_causes_stale_reads_despite_invalidation():
    ratio = staleness.stale_ratio_with_invalidation(0.9, 0.1, 0.01, 0.2)

    assert ratio == pytest.approx(0.9 * (1 - np.exp(-0.02)))


def test_p99_jumps_to_a_miss_when_the_hit_ratio_falls_below_99_percent():
    hits, misses = np.full(1000, 0.001), np.linspace(0.005, 0.015, 1000)

    assert latency.mixture_quantile(0.995, hits, misses, 0.99) == 0.001
    assert latency.mixture_quantile(0.985, hits, misses, 0.99) == pytest.approx(
        0.005 + 0.01 / 3, abs=1e-4
    )


def test_closed_loop_obeys_littles_law_at_its_own_hit_ratio():
    shares = np.full(100, 0.01)
    loop = latency.ClosedLoop(20, think_seconds=0.1, hit_seconds=0.001, miss_seconds=0.05)

    rate = latency.closed_loop_throughput(loop, shares, ttl_seconds=1)

    hit = ttl.hit_ratio(rate * shares, 1)
    assert rate * (0.1 + hit * 0.001 + (1 - hit) * 0.05) == pytest.approx(20)


def test_closed_loop_without_think_time_is_refused():
    with pytest.raises(ValueError, match="think_seconds must be > 0"):
        latency.closed_loop_throughput(
            latency.ClosedLoop(5, 0, 0.001, 0.05), np.array([1.0]), ttl_seconds=1
        )
