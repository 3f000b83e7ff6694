"""Formulas compared with an event-by-event simulation that uses none of them.

The simulated numbers are those of long runs, written out; a short run checks them again.
"""

import numpy as np
import pytest

from loadtests.theory import fill, near, staleness, ttl, window
from tests.loadtests.theory import simulation


def simulated(run, times):
    """Return the shares of results over many runs of a simulation."""
    counts = [run() for _ in range(times)]
    total = sum(sum(count.values()) for count in counts)
    return {name: sum(count[name] for count in counts) / total for name in counts[0]}


STALE = [
    # TTL, grace, fill, rate, window; shares of hits with stale answers, and of misses.
    ((1.0, 3.0, 0.0, 0.5, (1.5, 13.5)), 0.8263, 0.1737),
    ((1.0, 3.0, 0.0, 0.5, (6.0, 18.0)), 0.8514, 0.1486),
    ((1.0, 3.0, 0.05, 0.5, (1.5, 13.5)), 0.8241, 0.1716),
    ((1.0, 0.4, 0.2, 2.0, (2.1, 12.1)), 0.8022, 0.1327),
    ((2.0, 1.0, 0.1, 1.0, (4.5, 24.5)), 0.8691, 0.1184),
]


@pytest.mark.parametrize(("case", "hit", "miss"), STALE, ids=str)
def test_window_under_stale_serving_matches_the_simulation(case, hit, miss):
    ttl_seconds, grace, fill_seconds, rate, span = case

    expected = window.stale_served(np.array([rate]), ttl_seconds, grace, fill_seconds, span)

    assert expected.hit_ratio == pytest.approx(hit, abs=3e-4)
    assert 1 - expected.offload_ratio == pytest.approx(miss, abs=3e-4)


@pytest.mark.parametrize(("case", "hit", "miss"), STALE[::3], ids=str)
def test_simulation_of_stale_serving_still_gives_its_numbers(case, hit, miss):
    ttl_seconds, grace, fill_seconds, rate, span = case
    draw = np.random.default_rng(3)

    shares = simulated(
        lambda: simulation.stale_while_revalidate(
            draw, rate, ttl_seconds, grace, fill_seconds, span
        ),
        5000,
    )

    assert shares["hit"] + shares["stale"] == pytest.approx(hit, abs=0.008)
    assert shares["miss"] == pytest.approx(miss, abs=0.008)


WRITES = [
    # Reads and writes per second, TTL, fill; hit ratio with fenced fills and without fencing.
    ((90.0, 10.0, 10.0, 0.1), 0.331, 0.474),
    ((20.0, 5.0, 1.0, 0.2), 0.293, 0.443),
    ((5.0, 0.5, 2.0, 0.3), 0.694, 0.716),
    ((50.0, 1.0, 60.0, 0.02), 0.961, 0.961),
]


@pytest.mark.parametrize(("case", "fenced", "unfenced"), WRITES, ids=str)
def test_hit_ratio_under_writes_with_a_fill_time_matches_the_simulation(case, fenced, unfenced):
    rate, write_rate, ttl_seconds, fill_seconds = case
    rates, writes = np.array([rate]), np.array([write_rate])

    found = ttl.hit_ratios_with_writes(rates, writes, ttl_seconds, fill_seconds=fill_seconds)
    means = ttl.lifetimes(writes, ttl_seconds)

    assert found == pytest.approx(fenced, abs=1e-3)
    assert ttl.unfenced_hit_ratios(rates, means, fill_seconds) == pytest.approx(unfenced, abs=1e-3)


@pytest.mark.parametrize(("is_fenced", "hit"), [(True, 0.331), (False, 0.474)])
def test_simulation_of_writes_still_gives_its_numbers(is_fenced, hit):
    draw = np.random.default_rng(4)

    counts = simulation.invalidating_writes(draw, 90, 10, 10, 0.1, 1000, fenced=is_fenced)

    assert counts["hit"] / sum(counts.values()) == pytest.approx(hit, abs=0.015)


PROCESSES = [
    # Reads per second, TTL, fill, processes; share of reads that load.
    ((50.0, 1.0, 0.1, 2), 0.0342),
    ((20.0, 0.5, 0.3, 4), 0.1959),
    ((5.0, 2.0, 0.5, 3), 0.1578),
]


@pytest.mark.parametrize(("case", "loads"), PROCESSES, ids=str)
def test_processes_that_coalesce_by_themselves_load_as_often_as_simulated(case, loads):
    rate, ttl_seconds, fill_seconds, processes = case

    each = fill.loads_of_processes(np.array([rate]), fill_seconds, processes)

    cycle = fill.coalesced(rate, ttl_seconds, fill_seconds)
    assert each[0] * cycle.load_ratio == pytest.approx(loads, abs=2e-4)


@pytest.mark.parametrize(("case", "loads"), PROCESSES, ids=str)
def test_simulation_of_processes_still_gives_its_numbers(case, loads):
    counts = simulation.processes(np.random.default_rng(5), *case, 20_000 / case[0])

    assert counts["miss"] / sum(counts.values()) == pytest.approx(loads, rel=0.06)


@pytest.mark.parametrize(
    ("rate", "mean_fill", "mean", "variance"),
    [(50, 0.02, 0.04, 0.0048), (5, 0.2, 0.4, 0.48), (100, 0.1, 1.1, 5.61)],
)
def test_waits_for_one_load_of_exponential_time_have_the_simulated_mean_and_variance(
    rate, mean_fill, mean, variance
):
    draw = np.random.default_rng(6)
    sums = [simulation.waits_of_one_load(draw, rate, mean_fill) for _ in range(20_000)]

    waits = fill.refresh_waits(rate, mean_fill)

    assert (waits.mean_seconds, waits.variance) == pytest.approx((mean, variance))
    assert np.mean(sums) == pytest.approx(mean, rel=0.06)
    assert np.var(sums) == pytest.approx(variance, rel=0.2)


EXPIRING = [
    # Reads and writes per second, TTL, fill, a time; stale share, mean lag, share older than it.
    ((5.0, 0.5, 2.0, 0.0, 0.5), 0.3334, 0.2380, 0.6827),
    ((20.0, 1.0, 1.0, 0.3, 0.5), 0.4279, 0.2045, 0.5939),
    ((2.0, 0.1, 5.0, 1.0, 1.0), 0.2274, 0.4801, 0.7720),
    ((5.0, 2.0, 0.5, 0.1, 0.55), 0.3166, 0.0691, 0.0630),
]


@pytest.mark.parametrize(("case", "stale", "lag", "older"), EXPIRING, ids=str)
def test_staleness_without_invalidation_matches_the_simulation(case, stale, lag, older):
    rate, write_rate, ttl_seconds, fill_seconds, after = case

    found = staleness.without_invalidation(
        np.array([rate]), np.array([write_rate]), ttl_seconds, fill_seconds, after
    )

    assert found.stale_ratio[0] == pytest.approx(stale, abs=5e-3)
    assert found.lag_seconds[0] == pytest.approx(lag, abs=5e-3)
    assert found.older_ratio[0] == pytest.approx(older, abs=5e-3)


@pytest.mark.parametrize(("case", "stale", "lag", "older"), EXPIRING[1:3], ids=str)
def test_simulation_of_entries_that_writes_do_not_delete_still_gives_its_numbers(
    case, stale, lag, older
):
    *rates, after = case
    counts = simulation.expiring_alone(np.random.default_rng(8), *rates, 12_000 / case[0], after)

    assert counts["stale"] / counts["reads"] == pytest.approx(stale, abs=0.03)
    assert counts["lag"] / counts["reads"] == pytest.approx(lag, abs=0.05)
    assert counts["older"] / counts["reads"] == pytest.approx(older, abs=0.02)


def test_lag_of_a_rarely_written_item_keeps_its_digits():
    def lag(write_rate):
        rates = np.array([5.0]), np.array([write_rate])
        return staleness.without_invalidation(*rates, 2.0, 0.1, 1.0).lag_seconds[0]

    assert lag(1e-9) == pytest.approx(lag(1e-3) * 1e-6, rel=2e-3)
    assert lag(0.0) == 0


PACED = [
    # Shares, reads per second, TTL, fill; hit ratio.
    (([1.0], 1.5, 0.5, 0.0), 0.0),
    (([0.5, 0.3, 0.2], 4.0, 1.1, 0.3), 0.5099),
    (([0.7, 0.3], 10.0, 0.35, 0.12), 0.5092),
]


@pytest.mark.parametrize(("case", "hit"), PACED, ids=str)
def test_simulation_of_paced_reads_still_gives_its_numbers(case, hit):
    counts = simulation.paced(np.random.default_rng(7), *case, 20_000)

    assert counts["hit"] / sum(counts.values()) == pytest.approx(hit, abs=0.015)


NEAR = [
    # Reads per second, TTL, seconds near, processes, writes per second; near share of all reads.
    ((5.0, 4.0, 1.0, 1, 0.0), 0.7753),
    ((20.0, 2.0, 0.3, 4, 0.0), 0.5678),
    ((2.0, 10.0, 15.0, 2, 0.0), 0.8574),
    ((40.0, 5.0, 0.5, 3, 0.8), 0.8288),
    ((10.0, 60.0, 0.05, 2, 0.0), 0.2001),
    ((10.0, 60.0, 0.05, 2, 0.5), 0.1891),
]


@pytest.mark.parametrize(("case", "share"), NEAR, ids=str)
def test_share_that_near_tiers_answer_matches_the_simulation(case, share):
    rate, ttl_seconds, near_seconds, count, write_rate = case
    rates, writes = np.array([rate]), np.array([write_rate])

    of_hits = near.near_shares(rates, near_seconds, ttl_seconds, count, write_rate / rate)

    hits = ttl.hit_ratios_with_writes(rates, writes, ttl_seconds)
    assert of_hits * hits == pytest.approx(share, abs=1e-3)


@pytest.mark.parametrize(("case", "share"), NEAR[:4], ids=str)
def test_simulation_of_near_tiers_still_gives_its_numbers(case, share):
    *settings, write_rate = case
    counts = simulation.near_tiers(
        np.random.default_rng(10), *settings, 20_000 / case[0], write_rate
    )

    assert counts["near"] / sum(counts.values()) == pytest.approx(share, abs=0.02)
