"""The predicted staleness of a run that writes."""

import numpy as np
import pytest

from loadtests.prediction.stale_reads import Staleness, predicted_staleness
from loadtests.prediction.steady_state import Traffic
from loadtests.sender.oracle import VISIBLE_SECONDS, VISIBLE_TOLERANCE, Oracle
from loadtests.sender.tallies import Tallies
from loadtests.theory import staleness
from loadtests.traffic.zipf import Zipf

ONE = Traffic(Zipf(1, 0.0, seed=1), 2.0, 0.1)
KNOBS = {"ttl_seconds": 10.0, "protection": "single-flight", "invalidation": "none"}


def predict(traffic=ONE, **knobs):
    return predicted_staleness(traffic, KNOBS | knobs, 3.0, 0.2)


def test_one_item_under_its_ttl_alone_matches_the_golden_case():
    found = predict()

    assert found.stale_ratio == pytest.approx(0.3504, abs=5e-5)
    assert found.mean_seconds == pytest.approx(0.9524 * 1.3212 / 0.3504, rel=5e-4)
    assert found.visible_ratio == pytest.approx(1 - 0.9524 * (1 - 3 / 10), abs=5e-5)


def test_items_count_by_their_reads_and_writes():
    zipf = Zipf(50, 0.8, seed=5)
    rates, writes = 90 * zipf.probabilities(), 10 * zipf.probabilities()
    shares = rates / rates.sum()
    each = [staleness.stale_ratio(r, w, 10) for r, w in zip(rates, writes, strict=True)]

    found = predict(Traffic(zipf, 90.0, 10.0))

    assert found.stale_ratio == pytest.approx(float(np.dot(shares, each)))


def test_writes_that_invalidate_and_fence_leave_no_stale_read():
    assert predict(invalidation="delete") == Staleness(0.0, None, 1.0)


def test_writes_that_do_not_fence_leave_what_a_slow_load_fills():
    found = predict(invalidation="delete", fencing="off", store_delay_seconds=0.5)

    hit = 2 * 6.3212 / (1 + 2 * (6.3212 + 0.5))
    assert found.stale_ratio == pytest.approx(hit * (1 - np.exp(-0.1 * 0.5)), rel=1e-4)
    assert (found.mean_seconds, found.visible_ratio) == (None, None)


@pytest.mark.parametrize(
    "knobs",
    [
        {"ttl_seconds": 0.0},
        {"protection": "stale"},
        {"protection": "early"},
        {"protection": "none", "store_delay_seconds": 0.1},
        {"ttl_jitter_ratio": 0.1},
    ],
    ids=str,
)
def test_nothing_is_predicted_where_there_is_no_formula(knobs):
    assert predict(**knobs) is None


def test_nothing_is_predicted_without_writes():
    assert predict(Traffic(Zipf(1, 0.0, seed=1), 2.0)) is None


def test_reads_that_the_oracle_judges_are_as_stale_as_predicted():
    draw, oracle, tallies = np.random.default_rng(6), Oracle(1_000_000), Tallies()
    zipf, seconds, ttl_seconds = Zipf(20, 0.8, seed=5), 400.0, 2.0
    times = np.sort(draw.random(draw.poisson(120 * seconds)) * seconds)
    items = draw.choice(20, times.size, p=zipf.probabilities())
    entries, stored = {}, {}
    for at, item, writes in zip(times, items, draw.random(times.size) < 1 / 6, strict=True):
        if writes:
            version = oracle.begin_write(int(item), at)
            oracle.acknowledge(version, at + 1e-6)
            stored[item] = version.quantity
            continue
        quantity, ends_at = entries.get(item, (None, 0.0))
        if at >= ends_at:
            quantity = stored.get(item, 1)
            entries[item] = quantity, at + ttl_seconds
        tallies.judge(oracle.judge(int(item), quantity, at, at))

    found = predicted_staleness(
        Traffic(zipf, 100.0, 20.0),
        KNOBS | {"ttl_seconds": ttl_seconds},
        VISIBLE_SECONDS,
        VISIBLE_TOLERANCE,
    )

    assert tallies.stale_ratio == pytest.approx(found.stale_ratio, abs=0.02)
    assert np.mean(tallies.stale_seconds) == pytest.approx(found.mean_seconds, rel=0.05)
    assert 0.4 < found.visible_ratio < 0.7
    assert tallies.visible_ratio == pytest.approx(found.visible_ratio, abs=0.03)
