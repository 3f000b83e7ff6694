"""What the near tiers should answer, compared with the replay of drawn arrivals."""

import pytest

from loadtests.prediction.after_cold_start import predict_crowded, predict_window, predict_writes
from loadtests.prediction.key_rates import reads_of
from loadtests.prediction.limited_memory import Crowding
from loadtests.prediction.measuring_window import Window
from loadtests.prediction.near_answers import predicted_near_ratio
from loadtests.prediction.run_traffic import traffic_of
from loadtests.replay.arrival_sequence import ArrivalSequence
from loadtests.replay.run_replay import InForce, RunReplay
from loadtests.service_under_test.contract import near_ratio
from loadtests.workload.assignments import Epoch
from loadtests.workload.scenario import Scenario, Workload
from tests.loadtests.settings_for import settings

KNOBS = {
    "ttl_seconds": 4.0,
    "negative_ttl_seconds": 2.0,
    "stale_seconds": 2.0,
    "near_seconds": 1.0,
    "near_entries": 10_000,
}
URLS = ["http://127.0.0.1:8000", "http://127.0.0.1:8001"]
WINDOW = Window(6.0, 4.0, 15)


def given(**load):
    return Workload(settings(items=200, rate=400.0, service_url=URLS, **load), None)


def replayed(workload, knobs, scenario):
    epoch = Epoch(0.0, 0.0, 0, {"process": {"scenario": 1}})
    sequence = ArrivalSequence(workload, {"scenario": scenario}, epoch, len(URLS))
    run = RunReplay(sequence, InForce(knobs, 0.0))
    run.advance(WINDOW.closes)
    return run.result().from_empty.counts(WINDOW.opens, WINDOW.closes)


@pytest.mark.parametrize(
    ("load", "knobs"),
    [
        ({}, {}),
        ({"write_ratio": 0.1}, {}),
        ({"arrivals": "paced"}, {}),
        ({"missing_ratio": 0.2, "missing_items": 10}, {}),
        ({}, {"near_seconds": 0.1}),
        ({}, {"near_seconds": 60.0}),
        ({}, {"near_entries": 20}),
        ({}, {"protection": "stale"}),
    ],
    ids=str,
)
def test_near_share_of_a_run_is_like_its_replay(load, knobs):
    workload, scenario = given(**load), Scenario(writes="write_ratio" in load)
    counts = replayed(workload, KNOBS | knobs, scenario)

    expected = predicted_near_ratio(traffic_of(workload, {"scenario": scenario}), KNOBS | knobs)

    assert near_ratio(counts) == pytest.approx(expected, abs=0.012)


def predicted(knobs, **load):
    popularity = Scenario().popularity(given(**load).settings, None)
    return predict_window(reads_of(popularity, 400.0, "poisson"), knobs, 0.0, WINDOW, 2)


def test_trial_tells_the_near_share_and_the_lookups_that_still_ask_redis():
    counts = replayed(given(), KNOBS, Scenario())

    found = predicted(KNOBS)

    assert found.near_ratio == pytest.approx(near_ratio(counts), abs=0.012)
    asking = (sum(counts.values()) - counts["near"]) / (WINDOW.closes - WINDOW.opens)
    assert found.cache_reads_per_second == pytest.approx(asking, rel=0.03)


def test_trial_that_writes_tells_them_too():
    workload, scenario = given(write_ratio=0.1), Scenario(writes=True)
    counts = replayed(workload, KNOBS, scenario)

    found = predict_writes(traffic_of(workload, {"scenario": scenario}), KNOBS, 0.0)

    assert found.near_ratio == pytest.approx(near_ratio(counts), abs=0.012)
    asking = (sum(counts.values()) - counts["near"]) / (WINDOW.closes - WINDOW.opens)
    assert found.cache_reads_per_second == pytest.approx(asking, rel=0.03)


def test_near_tier_leaves_the_hit_ratio_as_it_is():
    found, without = predicted(KNOBS), predicted(KNOBS | {"near_seconds": 0})

    assert found.hit_ratio == without.hit_ratio
    assert without.near_ratio == 0
    assert without.cache_reads_per_second == pytest.approx(400.0)


def test_absences_that_processes_keep_are_negative_and_ask_no_redis():
    found = predicted(KNOBS, missing_ratio=1.0, missing_items=5)

    assert found.near_ratio == 0
    assert found.cache_reads_per_second < 40


def test_nothing_is_predicted_where_there_is_no_formula():
    reads = reads_of(Scenario().popularity(given().settings, None), 400.0, "poisson")
    traffic = traffic_of(given(), {"scenario": Scenario()})

    assert predicted(KNOBS | {"protection": "early"}).near_ratio is None
    assert predicted_near_ratio(traffic, KNOBS | {"protection": "early"}) is None
    assert predicted_near_ratio(traffic, KNOBS | {"near_seconds": 0}) is None
    crowded = predict_crowded(reads, KNOBS, 0.0, "allkeys-lru", Crowding(200.0, 50.0))
    assert crowded.hit_ratio is None
    assert "near tier" in crowded.method
