"""Loads per expiry under each protection, and hit ratios under a memory limit."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.theory import fill, memory, stampede


def test_unprotected_hot_key_is_loaded_by_every_read_during_the_fill():
    assert stampede.open_loop_loads(500, 0.1) == 51


def test_stampede_ends_at_the_first_of_random_fill_times():
    mean = 2.0

    loads = fill.loads_per_expiry(50, lambda t: -np.expm1(-t / mean), 5.0)

    assert loads == pytest.approx(12.9, abs=0.05)


def test_constant_fill_time_is_the_worst_case_of_the_random_formula():
    loads = fill.loads_per_expiry(50, lambda t: (t >= 0.2).astype(float), 0.25)

    assert loads == pytest.approx(11, rel=0.01)


@pytest.mark.parametrize(("beta", "expected"), [(1, math.e), (2, 1.649), (0.5, 7.389)])
def test_early_recompute_of_a_hot_key_takes_e_to_the_power_of_one_over_beta_loads(beta, expected):
    assert stampede.early(5000, 30, 0.1, beta).loads_per_refresh == pytest.approx(
        expected, rel=1e-3
    )


@pytest.mark.parametrize(("pressure", "expected"), [(2, 2.152), (0.5, 1.429)])
def test_early_recompute_of_a_less_popular_key_takes_fewer_loads(pressure, expected):
    loads = stampede.early(pressure / 0.1, 30, 0.1, 1).loads_per_refresh

    assert loads == pytest.approx(expected, abs=5e-4)


def test_early_recompute_shortens_the_effective_ttl():
    assert stampede.early(500, 2, 0.2, 1).period_seconds == pytest.approx(1.26, abs=0.005)


@given(
    rate=st.floats(1, 1000),
    ttl_seconds=st.floats(0.5, 60),
    grace=st.floats(0.2, 60),
    fill_seconds=st.floats(0.001, 0.2),
)
def test_shares_under_stale_while_revalidate_sum_to_one(rate, ttl_seconds, grace, fill_seconds):
    shares = stampede.stale_while_revalidate(rate, ttl_seconds, grace, fill_seconds)

    total = shares.hit_ratio + shares.stale_ratio + shares.coalesced_ratio + shares.miss_ratio
    assert total == pytest.approx(1)


def test_key_that_is_read_within_every_grace_period_never_misses():
    shares = stampede.stale_while_revalidate(500, 3, 30, 0.1)

    assert shares.miss_ratio == 0
    assert shares.loads_per_second == pytest.approx(500 / 1551)


def test_closed_loop_of_few_users_hides_the_stampede():
    assert stampede.closed_loop_duplicates(20, 1, 980, 0.2) < 20
    assert stampede.closed_loop_duplicates(2000, 1, 980, 0.2) == pytest.approx(186.6, abs=0.1)


def test_memory_that_holds_everything_evicts_nothing():
    rates = np.array([1.0, 2.0])

    with pytest.raises(ValueError, match="nothing is evicted"):
        memory.characteristic_time(lambda c: memory.lru_hit_ratios(rates, c), 3)


def test_lru_with_a_long_ttl_approaches_plain_lru():
    rates = np.array([0.5, 1.0, 2.0])

    plain = memory.lru_hit_ratios(rates, 1.5)

    assert memory.lru_ttl_hit_ratios(rates, 1.5, 30) == pytest.approx(plain, abs=0.02)
    assert memory.lru_ttl_hit_ratios(rates, 1.5, 1e6) == pytest.approx(plain, abs=1e-4)
