"""The prediction for a Redis whose memory does not hold all live entries."""

import numpy as np
import pytest

from loadtests.prediction.after_cold_start import CROWDED, predict_crowded
from loadtests.prediction.key_rates import Reads
from loadtests.prediction.limited_memory import Crowding, crowded_hit_ratio, crowding_of
from loadtests.service_under_test.memory_limit import MemoryLimit

KNOBS = {"ttl_seconds": 1.0, "protection": "single-flight", "negative_ttl_seconds": 5.0}


@pytest.fixture
def reads():
    weights = np.arange(1, 1001, dtype=np.float64) ** -0.99
    return Reads(1000 * weights / weights.sum(), missing=0, unrepeated_rate=0.0)


def test_lru_with_a_ttl_matches_the_golden_case(reads):
    crowding = crowding_of(reads, KNOBS, 100)

    assert crowding.live_entries == pytest.approx(289.61, abs=0.01)
    assert crowded_hit_ratio(reads, KNOBS, 100) == pytest.approx(0.5593, abs=5e-5)
    found = predict_crowded(reads, KNOBS, 0.001, "allkeys-lru", crowding)
    assert found.hit_ratio == pytest.approx(0.5593, abs=5e-5)
    assert found.loads_per_second == pytest.approx(440.7, abs=0.1)
    assert found.method == CROWDED


def test_memory_that_holds_all_live_entries_is_not_crowded(reads):
    assert crowding_of(reads, KNOBS, 290) is None
    assert crowding_of(reads, {**KNOBS, "ttl_seconds": 0.0}, 1) is None


def test_ids_asked_for_once_take_room_from_the_others(reads):
    crowded = Reads(reads.rates, missing=0, unrepeated_rate=200.0)

    assert crowding_of(crowded, KNOBS, 400).live_entries == pytest.approx(489.61, abs=0.01)
    assert crowded_hit_ratio(crowded, KNOBS, 100) < crowded_hit_ratio(reads, KNOBS, 100)


def test_cached_absences_live_by_the_negative_ttl():
    missing = Reads(np.full(100, 1.0), missing=50, unrepeated_rate=0.0)

    assert crowding_of(missing, KNOBS, 1).live_entries == pytest.approx(50 / 2 + 50 * 5 / 6)
    never = {**KNOBS, "negative_ttl_seconds": 0.0}
    assert crowding_of(missing, never, 1).live_entries == pytest.approx(50 / 2)


@pytest.mark.parametrize(
    ("policy", "protection"),
    [("noeviction", "single-flight"), ("allkeys-lfu", "lease"), ("allkeys-lru", "stale")],
)
def test_evictions_without_a_formula_are_announced_all_the_same(reads, policy, protection):
    knobs = {**KNOBS, "protection": protection, "stale_seconds": 3.0}

    found = predict_crowded(reads, knobs, 0.001, policy, Crowding(290, 100))

    assert found.hit_ratio is None
    assert found.crowding == Crowding(290, 100)
    assert found.method.startswith("no formula for evictions")


def test_room_is_what_the_limit_leaves_for_entries_and_their_index():
    limit = MemoryLimit(2_000_000, "allkeys-lru", used_bytes=1_050_000, entry_bytes=120)

    assert limit.entries == 5000
    assert MemoryLimit(1000, "allkeys-lru", 5000, 120).entries == 0
