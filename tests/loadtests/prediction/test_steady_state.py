"""Predicted steady-state hit ratios, compared with the golden cases of the theory."""

import numpy as np
import pytest

from loadtests.prediction.run_traffic import traffic_of
from loadtests.prediction.steady_state import Traffic, predicted_hit_ratio
from loadtests.theory import fill
from loadtests.traffic.trace import Trace, TracePopularity
from loadtests.traffic.zipf import Zipf
from loadtests.workload.presets import PRESETS
from loadtests.workload.scenario import Scenario, Workload
from tests.loadtests.sent_requests import sent
from tests.loadtests.settings_for import settings

KNOBS = {
    "ttl_seconds": 10.0,
    "ttl_jitter_ratio": 0.0,
    "negative_ttl_seconds": 5.0,
    "protection": "single-flight",
    "stale_seconds": 30.0,
    "invalidation": "delete",
    "store_delay_seconds": 0.0,
}
ZIPF = Zipf(1000, 0.99, seed=1)


def predict(traffic, **knobs):
    return predicted_hit_ratio(traffic, KNOBS | knobs)


def test_zipf_under_a_ttl_matches_the_golden_case():
    assert predict(Traffic(ZIPF, 100.0)) == pytest.approx(0.7104, abs=5e-5)


def test_writes_that_invalidate_match_the_golden_case():
    traffic = Traffic(Zipf(1000, 0.8, seed=1), 180.0, 20.0)

    assert predict(traffic, ttl_seconds=30.0) == pytest.approx(0.8093, abs=5e-5)


@pytest.mark.parametrize(("fencing", "hit"), [("on", 0.331), ("off", 0.474)])
def test_write_during_a_load_costs_a_hit_only_with_fencing(fencing, hit):
    one = Traffic(Zipf(1, 0.0, seed=1), 90.0, 10.0)

    found = predict(one, store_delay_seconds=0.1, fencing=fencing)

    assert found == pytest.approx(hit, abs=1e-3)


@pytest.mark.parametrize("protection", ["none", "single-flight", "stale"])
def test_paced_item_whose_ttl_ends_before_its_next_read_never_hits(protection):
    given = settings(rate=1.5, items=1, arrivals="paced")
    traffic = traffic_of(Workload(given, None), {"ReadHeavy": Scenario()})
    knobs = {"ttl_seconds": 0.5, "protection": protection, "stale_seconds": 0.1}

    assert predict(traffic, **knobs) == pytest.approx(0)
    assert predict(traffic, **knobs | {"ttl_seconds": 0.7}) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("items", "given", "ttl_seconds", "fill_seconds", "hit"),
    [(1, {"rate": 4.0}, 1.1, 0.3, 2 / 3), (2, {"rate": 10.0}, 0.35, 0.12, 0.5)],
)
def test_paced_lookups_are_predicted_by_how_many_fit_into_a_ttl(
    items, given, ttl_seconds, fill_seconds, hit
):
    given = settings(items=items, skew=0.0, arrivals="paced", **given)
    traffic = traffic_of(Workload(given, None), {"ReadHeavy": Scenario()})

    found = predict(traffic, ttl_seconds=ttl_seconds, store_delay_seconds=fill_seconds)

    assert found == pytest.approx(hit)


def test_writes_that_do_not_invalidate_change_nothing():
    traffic = Traffic(Zipf(1000, 0.8, seed=1), 180.0, 20.0)

    without = predict(Traffic(Zipf(1000, 0.8, seed=1), 180.0), ttl_seconds=30.0)

    assert predict(traffic, ttl_seconds=30.0, invalidation="none") == pytest.approx(without)


def test_fill_time_lowers_the_hit_ratio():
    assert predict(Traffic(ZIPF, 100.0), store_delay_seconds=0.1) < predict(Traffic(ZIPF, 100.0))


@pytest.mark.parametrize(
    "knobs", [{"ttl_seconds": 0.0}, {"protection": "early"}], ids=["cache off", "early"]
)
def test_hit_ratio_is_unknown_where_no_formula_applies(knobs):
    assert predict(Traffic(ZIPF, 100.0), **knobs) is None


def test_stale_serving_turns_misses_of_hot_items_into_hits():
    stale = predict(Traffic(ZIPF, 100.0), protection="stale", store_delay_seconds=0.01)

    assert stale > predict(Traffic(ZIPF, 100.0))


def test_refreshes_that_take_longer_than_stale_entries_are_kept_are_not_predicted():
    knobs = {"protection": "stale", "stale_seconds": 0.1}

    assert predict(Traffic(ZIPF, 100.0), store_delay_seconds=0.2, **knobs) is None
    assert predict(Traffic(ZIPF, 100.0), store_delay_seconds=0.1, **knobs) is not None


def test_missing_ids_expire_by_the_negative_ttl():
    scenario = Scenario(missing=True)
    none = traffic_of(Workload(settings(missing_items=10), None), {"MissingIds": scenario})

    cached = predict(none, negative_ttl_seconds=5.0)
    uncached = predict(none, negative_ttl_seconds=0.0)

    rate = 100.0 * 0.5 / 10
    assert cached - uncached == pytest.approx(0.5 * rate * 5 / (1 + rate * 5))


def test_fill_time_lowers_the_hit_ratio_of_missing_ids_too():
    given = settings(missing_ratio=1.0, missing_items=2)
    none = traffic_of(Workload(given, None), {"ReadHeavy": Scenario()})

    found = predict(none, negative_ttl_seconds=0.5, store_delay_seconds=0.5)

    assert found == pytest.approx(50 * 0.5 / (1 + 50 * (0.5 + 0.5)))


def test_only_the_first_of_concurrent_loads_fills():
    one = Traffic(Zipf(1, 0.0, seed=1), 50.0)

    found = predict(one, protection="none", ttl_seconds=0.5, store_delay_seconds=0.5)

    assert found == pytest.approx(fill.set_if_absent_hit_ratio(50.0, 0.5, 0.5))


@pytest.mark.parametrize("ttls", [(0.5, 5.0), (5.0, 0.5)], ids=["existing ids", "missing ids"])
def test_concurrent_loads_that_take_longer_than_the_ttl_are_not_predicted(ttls):
    traffic = traffic_of(Workload(settings(missing_ratio=0.2), None), {"ReadHeavy": Scenario()})
    knobs = dict(zip(("ttl_seconds", "negative_ttl_seconds"), ttls, strict=True))

    assert predict(traffic, protection="none", store_delay_seconds=2.0, **knobs) is None
    assert predict(traffic, store_delay_seconds=2.0, **knobs) is not None


def test_a_ttl_that_no_requested_id_has_does_not_prevent_a_prediction():
    existing = Traffic(ZIPF, 100.0)
    missing = traffic_of(Workload(settings(missing_ratio=0.2), None), {"ReadHeavy": Scenario()})
    alone = {"protection": "none", "store_delay_seconds": 2.0}

    assert predict(existing, **alone, negative_ttl_seconds=1.0) is not None
    assert predict(missing, **alone, negative_ttl_seconds=0.0) is not None


def test_ids_that_are_read_once_never_hit():
    given = settings(one_hit_ratio=0.4, items=10)
    traffic = traffic_of(Workload(given, None), {"ReadHeavy": Scenario()})

    assert predict(traffic, ttl_seconds=1000.0) == pytest.approx(0.6, abs=1e-3)


@pytest.mark.parametrize(
    ("ttl_seconds", "knobs"),
    [(40.0, {}), (30.0, {"ttl_jitter_ratio": 0.5}), (20.0, {"protection": "stale"})],
    ids=["a long TTL", "jitter", "stale serving"],
)
def test_ids_that_repeat_before_they_expire_are_not_predicted_as_read_once(ttl_seconds, knobs):
    given = settings(rate=5000.0, one_hit_ratio=0.5, one_hit_items=100_000)
    traffic = traffic_of(Workload(given, None), {"ReadHeavy": Scenario()})

    assert predict(traffic, ttl_seconds=39.0) is not None
    assert predict(traffic, ttl_seconds=ttl_seconds + 1.0, **knobs) is None


def test_a_huge_catalogue_is_predicted_without_a_table():
    small = predict(Traffic(Zipf(1_000_000, 0.99, seed=1), 1e5))
    more = predict(Traffic(Zipf(1_000_001, 0.99, seed=1), 1e5))

    assert more == pytest.approx(small, abs=1e-5)


def test_a_trace_is_replayed_exactly():
    trace = Trace(np.array([1, 2, 1, 1, 2]), None)
    given = settings(rate=1.0, arrivals="paced")
    traffic = traffic_of(Workload(given, trace), {"TraceReplay": Scenario()})

    assert predict(traffic, ttl_seconds=10.0) == pytest.approx(3 / 5)
    assert predict(traffic, ttl_seconds=1.5) == pytest.approx(1 / 5)


def test_only_the_first_of_a_traces_concurrent_loads_fills():
    reads = sent((0.0, 1), (0.5, 1), (1.0, 1), (2.1, 1))
    trace = Traffic(TracePopularity(np.array([1])), 1.0, reads=reads)

    found = predict(trace, protection="none", ttl_seconds=1.0, store_delay_seconds=1.0)

    assert found == pytest.approx(1 / 4)


@pytest.mark.parametrize(
    "knobs", [{"protection": "early"}, {"protection": "stale"}, {"ttl_jitter_ratio": 0.1}], ids=str
)
def test_a_trace_is_predicted_where_entries_do_not_expire_exactly_at_their_ttl(knobs):
    trace = Traffic(TracePopularity(np.array([1, 1])), 1.0, reads=sent((0, 1), (1, 1)))

    assert predict(trace, **knobs) == pytest.approx(1 / 2)


def test_writes_that_are_not_the_same_share_of_every_id_are_not_predicted():
    given = settings(write_ratio=0.1, missing_ratio=0.2)

    assert traffic_of(Workload(given, None), {"ReadWrite": Scenario(writes=True)}) is None
    assert traffic_of(Workload(given, None), {"ReadHeavy": Scenario()}) is not None


def test_writes_among_the_ids_of_a_trace_are_replayed_with_it():
    trace = Trace(np.ones(400, dtype=np.int64), None)
    given = settings(write_ratio=0.5, rate=100.0)
    workload = Workload(given, trace)

    written, read = (
        predict(traffic_of(workload, {"X": Scenario(writes=writes)}), ttl_seconds=60.0)
        for writes in (True, False)
    )

    assert read == pytest.approx(399 / 400)
    # Each of the reads that follows a write misses: half of them.
    assert written == pytest.approx(0.5, abs=0.1)


def test_trace_is_replayed_at_the_rate_of_its_shape():
    trace = Trace(np.ones(300, dtype=np.int64), None)
    shape = {"shape": "ramp", "shape_peak": 10.0, "shape_period_seconds": 10.0}
    steady, rising = (
        traffic_of(Workload(settings(rate=1.0, **flags), trace), {"X": Scenario()}).reads
        for flags in ({}, shape)
    )

    assert rising.times[-1] < steady.times[-1] / 5


@pytest.mark.parametrize(
    "scenarios",
    [{"a": Scenario(), "b": Scenario(hot_key=True)}, {"a": Scenario(closed_loop=True)}],
    ids=["different scenarios", "closed loop"],
)
def test_traffic_that_is_not_known_in_advance_is_not_predicted(scenarios):
    assert traffic_of(Workload(settings(), None), scenarios) is None


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(
    "scenario",
    [Scenario(), Scenario(writes=True), Scenario(hot_key=True), Scenario(missing=True)],
    ids=["ReadHeavy", "ReadWrite", "HotKey", "MissingIds"],
)
def test_every_preset_has_a_prediction_in_every_scenario(preset, scenario):
    given = settings(preset=preset)
    traffic = traffic_of(Workload(given, None), {"the": scenario})

    assert 0 < predict(traffic, **given.knobs) < 1
