"""The golden cases P1 to P7 of docs/theory.md, to four digits."""

import numpy as np
import pytest

from loadtests.theory import fill, memory, near, staleness, ttl, window


def close(expected):
    return pytest.approx(expected, abs=5e-5 if expected < 1.5 else 0, rel=5e-5)


def zipf(items, skew):
    weights = np.arange(1, items + 1, dtype=np.float64) ** -skew
    return weights / weights.sum()


def test_p1_holds_for_one_item_with_instant_fills():
    rates = np.array([0.5])

    assert close(0.8333) == ttl.hit_ratio(rates, 10)
    assert close(0.08333) == ttl.loads_per_second(rates, 10)
    assert close(4.1667) == staleness.mean_age_per_read(ttl.hit_ratio(rates, 10), 10)


def test_p2_holds_for_zipf_popularity_with_instant_fills():
    shares = zipf(1000, 0.99)
    rates = 100 * shares
    ratios = ttl.hit_ratios(rates, 10)

    assert close(0.1294) == shares[0]
    assert close(0.7104) == ttl.hit_ratio(rates, 10)
    assert close(28.9610) == ttl.loads_per_second(rates, 10)
    assert close(289.6098) == ttl.live_entries(rates, 10)
    assert close(0.9923) == ratios[0]
    assert close(0.1218) == ratios[-1]
    assert close(0.1023) == ttl.sampling_variance(rates, 10)
    assert close(0.6608) == 1 - window.miss_ratio(rates, 10, 0, 10)
    assert close(0.7078) == 1 - window.miss_ratio(rates, 10, 10, 40)


def test_p3_holds_for_one_item_with_a_fill_time():
    plain = fill.plain(50, 5, 0.2)
    shared = fill.coalesced(50, 5, 0.2)

    assert close(0.9593) == plain.hit_ratio
    assert close(11.0) == plain.loads_per_expiry
    assert close(5.4) == plain.cycle_seconds
    assert close(0.9579) == fill.set_if_absent_hit_ratio(50, 5, 0.2)
    assert close(0.9579) == shared.hit_ratio
    assert close(0.03831) == shared.coalesced_ratio
    assert close(0.003831) == shared.load_ratio
    assert close(0.004598) == shared.mean_wait_seconds


def test_p4_holds_for_writes_that_invalidate():
    shares = zipf(1000, 0.8)
    rates, writes = 180 * shares, 20 * shares

    hit = ttl.aggregate(rates, ttl.hit_ratios_with_writes(rates, writes, 30))
    forever = ttl.aggregate(rates, ttl.hit_ratios_with_writes(rates, writes, np.inf))

    assert close(0.8093) == hit
    assert close(34.3249) == 180 * (1 - hit)
    assert close(0.8649) == ttl.hit_ratio(rates, 30)
    assert close(0.9) == forever


def test_p5_holds_for_writes_that_do_not_invalidate():
    hit = ttl.hit_ratio(np.array([2.0]), 10)

    assert close(0.9524) == hit
    assert close(0.3679) == staleness.stale_share_of_hits(0.1, 10)
    assert close(0.3504) == staleness.stale_ratio(2, 0.1, 10)
    assert close(4.7619) == staleness.mean_age_per_read(hit, 10)
    assert close(1.3212) == staleness.mean_lag_per_hit(0.1, 10)
    assert close(0.6667) == staleness.stale_share_after_write(3, hit, 10)


def test_p6_holds_for_memory_that_fits_a_hundred_items():
    shares = zipf(1000, 0.99)
    rates = 1000 * shares

    lru = memory.characteristic_time(lambda c: memory.lru_hit_ratios(rates, c), 100)
    fifo = memory.characteristic_time(lambda c: memory.fifo_hit_ratios(rates, c), 100)
    both = memory.characteristic_time(lambda c: memory.lru_ttl_hit_ratios(rates, c, 1), 100)

    assert close(0.1775) == lru
    assert close(0.5665) == ttl.aggregate(rates, memory.lru_hit_ratios(rates, lru))
    assert close(0.5104) == ttl.aggregate(rates, memory.fifo_hit_ratios(rates, fifo))
    assert close(0.1783) == both
    assert close(0.5593) == ttl.aggregate(rates, memory.lru_ttl_hit_ratios(rates, both, 1))
    assert close(0.7104) == ttl.hit_ratio(rates, 1)


def test_p7_holds_for_near_tiers_of_two_processes():
    rates = 1000 * zipf(1000, 0.99)
    hits = ttl.hit_ratios(rates, 10)

    found = ttl.aggregate(rates, hits * near.near_shares(rates, 1, 10, 2))

    assert close(0.9248) == ttl.aggregate(rates, hits)
    assert close(0.6034) == found
    assert close(396.6) == 1000 * (1 - found)


@pytest.mark.parametrize(
    ("written", "fresh", "lag"),
    [(0.1, 0.9516, 0.0163), (1.0, 0.6321, 0.1321), (10.0, 0.1000, 0.4100)],
)
def test_staleness_matches_the_table_of_cho_and_garcia_molina(written, fresh, lag):
    ttl_seconds = 20.0

    assert 1 - staleness.stale_share_of_hits(written / ttl_seconds, ttl_seconds) == close(fresh)
    found = staleness.mean_lag_per_hit(written / ttl_seconds, ttl_seconds)
    assert found / ttl_seconds == close(lag)


@pytest.mark.parametrize("rate", [0.01, 0.3, 1.0, 25.0, 4000.0])
def test_ttl_and_delete_on_write_ask_the_store_equally_often_when_one_write_comes_in_a_ttl(rate):
    rates, ttl_seconds = np.array([rate]), 8.0

    def deleted(write_rate):
        hit = ttl.hit_ratios_with_writes(rates, np.array([write_rate]), np.inf)[0]
        return rate * (1 - hit)

    expiring = ttl.loads_per_second(rates, ttl_seconds)
    assert deleted(1 / 8) == pytest.approx(expiring)
    assert deleted(0.9 / 8) < expiring < deleted(1.1 / 8)
