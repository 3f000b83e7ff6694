"""The replay of a whole run: what it counts, and from when on it is known."""

import time

import numpy as np
import pytest

from loadtests.replay.arrival_sequence import ArrivalSequence
from loadtests.replay.run_replay import (
    CLOSED_LOOP,
    InForce,
    RunReplay,
    replay_requests,
    replay_run,
    why_not_replayed,
)
from loadtests.replay.trial_replay import arrivals_of_trial
from loadtests.service_under_test.contract import SERVICE_RESULTS
from loadtests.theory import ttl
from loadtests.workload.assignments import Epoch
from loadtests.workload.scenario import Scenario, Workload
from tests.loadtests.settings_for import settings

READS = {"ReadHeavy": Scenario()}
ONE = {"ReadHeavy": 1}
FIRST = Epoch(0.0, 0.0, 0, {"process": ONE})


def replayed(knobs, seconds=60.0, fill_seconds=0.002, start="cold", scenarios=READS, **given):
    workload = Workload(settings(**given), None)
    users = dict.fromkeys(scenarios, 1)
    in_force = InForce(knobs, fill_seconds)
    return replay_run(workload, scenarios, users, in_force, seconds, start=start)


def test_uniform_reads_hit_as_often_as_the_formula_says_in_the_long_run():
    run = replayed({"ttl_seconds": 1.0}, 400.0, 0.0, popularity="uniform", items=100, rate=100.0)

    expected = float(ttl.hit_ratio(np.full(100, 1.0), 1.0005))
    assert run.hit_ratio(100.0, 400.0) == pytest.approx(expected, abs=0.01)
    assert run.known_from == 0.0


def test_every_lookup_is_counted_in_the_second_in_which_it_is_answered():
    run = replayed({"ttl_seconds": 1.0}, 30.0, 0.3, items=50, rate=100.0).from_empty

    each = [run.counts(second, second + 1) for second in range(30)]
    for word in SERVICE_RESULTS:
        assert sum(counts[word] for counts in each) == run.counts(0.0, 30.0)[word]
    assert each[0]["hit"] < each[20]["hit"]
    assert run.hit_ratio(20, 21) == pytest.approx(each[20]["hit"] / sum(each[20].values()))


def test_reads_of_the_store_are_the_misses_and_the_background_refreshes():
    knobs = {"ttl_seconds": 1.0, "protection": "stale", "stale_seconds": 1.0}
    workload = Workload(settings(items=50, rate=100.0), None)

    run = replay_requests(arrivals_of_trial(workload, 30.0, 1), InForce(knobs, 0.01))

    counts = run.counts(0.0, 31.0)
    assert counts["stale"] > 0
    assert counts["miss"] < run.count_loads(0.0, 31.0) <= counts["miss"] + counts["stale"]


def test_replay_that_goes_on_gives_what_one_at_once_gives():
    workload = Workload(settings(rate=100.0), None)
    in_force = InForce({"ttl_seconds": 1.0}, 0.01)
    step_by_step = RunReplay(ArrivalSequence(workload, READS, FIRST), in_force)

    for until in (0.5, 3.0, 20.0):
        step_by_step.advance(until)

    at_once = replay_run(workload, READS, ONE, in_force, 20.0)
    so_far = step_by_step.result().from_empty
    assert so_far.total.tolist() == at_once.from_empty.total.tolist()
    assert so_far.before.tolist() == at_once.from_empty.before.tolist()


def test_changed_knobs_hold_from_their_moment_on():
    workload = Workload(settings(rate=200.0, items=100, skew=0.0), None)
    changing = RunReplay(
        ArrivalSequence(workload, READS, FIRST), InForce({"ttl_seconds": 0.1}, 0.0)
    )

    changing.change(20.0, InForce({"ttl_seconds": 5.0}, 0.0))
    changing.advance(60.0)

    run = changing.result()
    # A read every half second of each item: .17 within 0.1 s, .91 within 5 s.
    assert run.hit_ratio(5.0, 20.0) == pytest.approx(0.167, abs=0.03)
    assert run.hit_ratio(30.0, 60.0) == pytest.approx(0.909, abs=0.02)


def test_start_that_is_not_known_matters_until_its_entries_are_forgotten():
    given = {"popularity": "uniform", "items": 100, "rate": 100.0}

    run = replayed({"ttl_seconds": 2.0}, 120.0, start="unknown", **given)

    assert 2.0 <= run.known_from < 60.0
    ratios = [ratio for _, ratio in run.hit_ratios(1.0)]
    assert ratios[:2] == [None, None]
    assert None not in ratios[int(run.known_from) :]
    assert run.known_hit_ratio(run.known_from, 120.0) == pytest.approx(2 / 3, abs=0.02)
    assert run.known_hit_ratio(0.0, 2.0) is None


def test_start_that_is_never_forgotten_leaves_no_ratio_known():
    run = replayed({"ttl_seconds": 3600.0}, 30.0, start="unknown", rate=100.0)

    assert run.known_from is None
    assert run.known_hit_ratio(0.0, 30.0) is None
    assert run.hit_ratios(1.0) == []


@pytest.mark.parametrize(
    ("scenario", "given"),
    [
        (Scenario(), {"popularity": "sliding", "slide_per_second": 20.0}),
        (Scenario(), {"popularity": "latest", "slide_per_second": 5.0}),
        (Scenario(), {"popularity": "scan", "items": 50}),
        (Scenario(), {"shape": "spike", "shape_peak": 5.0, "shape_period_seconds": 20.0}),
        (Scenario(hot_key=True), {}),
        (Scenario(writes=True), {"write_ratio": 0.2, "missing_ratio": 0.1}),
    ],
    ids=str,
)
@pytest.mark.parametrize("protection", ["single-flight", "early"])
def test_run_without_a_formula_is_replayed_too(scenario, given, protection):
    knobs = {"ttl_seconds": 1.0, "protection": protection}
    run = replayed(knobs, 40.0, scenarios={"X": scenario}, rate=100.0, **{"items": 100, **given})

    assert 0.1 < run.hit_ratio(5.0, 40.0) < 1.0


def test_users_who_wait_for_answers_are_not_replayed():
    assert why_not_replayed(READS) is None
    assert why_not_replayed({**READS, "Closed": Scenario(closed_loop=True)}) == CLOSED_LOOP


def test_thirty_thousand_arrivals_are_replayed_within_a_second_of_work():
    begun = time.process_time()

    run = replayed({"ttl_seconds": 5.0}, 60.0, rate=500.0, items=10_000)

    assert time.process_time() - begun < 1.0
    assert run.from_empty.total.sum() > 29_000
