"""Formulas compared with an event-by-event replay that uses none of them."""

import numpy as np
import pytest

from loadtests.theory import fill, stampede, ttl, window
from tests.loadtests.theory import reads_one_by_one as replay

ITEMS, SKEW, RATE, READS = 200, 0.99, 500.0, 60_000


@pytest.fixture(scope="module")
def shares():
    weights = np.arange(1, ITEMS + 1, dtype=np.float64) ** -SKEW
    return weights / weights.sum()


@pytest.fixture(scope="module")
def reads(shares):
    drawn = np.random.default_rng(5)
    times = np.cumsum(drawn.exponential(1 / RATE, READS))
    return list(zip(times.tolist(), drawn.choice(ITEMS, READS, p=shares).tolist(), strict=True))


def three_errors(rates, ttl_seconds, lookups):
    return 3 * np.sqrt(ttl.sampling_variance(rates, ttl_seconds) / lookups)


@pytest.mark.parametrize("ttl_seconds", [0.5, 2.0])
def test_coalesced_window_after_a_cold_start_matches_the_replay(shares, reads, ttl_seconds):
    rates = RATE * shares
    closes = reads[-1][0]
    counts = replay.coalesced(reads, ttl_seconds, 0.02)

    expected = window.coalesced(rates, ttl_seconds, 0.02, (0.0, closes))

    tolerance = three_errors(rates, ttl_seconds, READS)
    assert expected.hit_ratio == pytest.approx(counts.hit_ratio, abs=tolerance)
    assert expected.offload_ratio == pytest.approx(counts.offload_ratio, abs=tolerance)


@pytest.mark.parametrize("fill_seconds", [0.05, 0.8])
def test_uncoalesced_window_matches_the_replay_with_its_duplicate_loads(
    shares, reads, fill_seconds
):
    rates = RATE * shares
    counts = replay.uncoalesced(reads, 1.0, fill_seconds)

    expected = window.uncoalesced(rates, 1.0, fill_seconds, 0.0, reads[-1][0])

    assert expected.offload_ratio == pytest.approx(
        counts.offload_ratio, abs=3 * three_errors(rates, 1.0, READS)
    )


def test_cold_start_lowers_the_hit_ratio_of_an_early_window_and_not_of_a_late_one(shares):
    rates = RATE * shares

    early = 1 - window.miss_ratio(rates, 1.0, 0, 5)
    late = 1 - window.miss_ratio(rates, 1.0, 60, 80)

    assert early < late
    assert late == pytest.approx(ttl.hit_ratio(rates, 1.0), abs=1e-4)


def test_one_item_with_a_fill_time_matches_its_closed_form():
    rates = np.array([50.0])
    steady = fill.coalesced(50, 5, 0.2)
    windowed = window.coalesced(rates, 5, 0.2, (2000, 4000))

    assert windowed.hit_ratio == pytest.approx(steady.hit_ratio, abs=1e-4)
    assert 1 - windowed.offload_ratio == pytest.approx(steady.load_ratio, rel=1e-3)


def test_instant_fills_leave_nothing_to_coalesce(reads):
    assert replay.coalesced(reads[:5000], 1, 0) == replay.uncoalesced(reads[:5000], 1, 0)


def test_entry_is_missed_again_exactly_when_its_ttl_has_passed():
    reads = [(0.0, 1), (0.05, 1), (0.1, 1), (1.0999, 1), (1.1, 1)]

    counts = replay.coalesced(reads, 1.0, 0.1)

    assert replay.Counts(hit=2, coalesced=1, miss=2) == counts


def test_only_the_first_of_concurrent_loads_fills_until_its_entry_expires():
    reads = [(0.0, 1), (0.5, 1), (0.9, 1), (1.9, 1), (2.1, 1), (3.2, 1)]

    counts = replay.uncoalesced(reads, 1.0, 1.0)

    assert replay.Counts(hit=2, coalesced=0, miss=4) == counts


def test_empty_replay_has_no_ratio():
    counts = replay.coalesced([], 1.0, 0.1)

    assert counts.hit_ratio is None
    assert counts.offload_ratio is None


def test_item_with_a_ttl_of_zero_is_loaded_by_every_read():
    expected = window.coalesced(np.array([3.0, 5.0]), np.array([0.0, 0.0]), 0.0, (1, 11))

    assert (expected.hit_ratio, expected.offload_ratio) == pytest.approx((0, 0))


def test_uncoalesced_item_with_a_ttl_of_zero_is_loaded_by_every_read_despite_a_fill_time():
    expected = window.uncoalesced(np.array([3.0, 5.0]), np.array([0.0, 0.0]), 0.05, 1, 11)

    assert (expected.hit_ratio, expected.offload_ratio) == pytest.approx((0, 0))


def test_renewal_rate_of_many_cycles_matches_cycles_followed_one_by_one():
    rates = np.array([20.0])

    followed = window.miss_ratio(rates, 0.05, 20, 45)
    many = window.miss_ratio(rates, 0.05, 200, 450)

    assert many == pytest.approx(followed, rel=1e-6)


def test_stale_serving_converges_to_its_closed_form():
    rates = np.array([0.5, 2.0])
    grace, fill_seconds = 1.0, 0.2

    expected = window.stale_served(rates, 3.0, grace, fill_seconds, (5_000, 9_000))

    shares = [stampede.stale_while_revalidate(rate, 3.0, grace, fill_seconds) for rate in rates]
    hits = [share.hit_ratio + share.stale_ratio for share in shares]
    misses = [share.miss_ratio for share in shares]
    assert expected.hit_ratio == pytest.approx(ttl.aggregate(rates, np.array(hits)), abs=1e-4)
    assert 1 - expected.offload_ratio == pytest.approx(
        ttl.aggregate(rates, np.array(misses)), abs=1e-4
    )


def test_stale_serving_misses_each_key_once_after_a_cold_start():
    rates = np.full(100, 1.0)

    expected = window.stale_served(rates, 3.0, 1000.0, 0.0, (1.0, 5.0))

    first_touches = 100 * (np.exp(-1) - np.exp(-5))
    assert 1 - expected.offload_ratio == pytest.approx(first_touches / 400, rel=1e-6)
