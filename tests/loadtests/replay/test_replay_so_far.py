"""The replay of a run that goes on: the figures of every answer kept, in room that stays."""

import itertools
import random
import tracemalloc

import numpy as np
import pytest

from loadtests.replay import cache_model, run_replay
from loadtests.replay.answer_counts import AnswerCounts
from loadtests.replay.arrival_sequence import ArrivalSequence
from loadtests.replay.run_replay import InForce, RunReplay
from loadtests.service_under_test.contract import HIT_RESULTS, SERVICE_RESULTS
from loadtests.workload.assignments import Epoch
from loadtests.workload.scenario import Scenario, Workload
from tests.loadtests.replay.unfolded_replay import UnfoldedReplay
from tests.loadtests.settings_for import settings

SECONDS = 40.0
HIT, MISS = SERVICE_RESULTS.index("hit"), SERVICE_RESULTS.index("miss")
LOADS = [
    {"popularity": "uniform"},
    {"skew": 1.2, "missing_ratio": 0.2, "missing_items": 10},
    {"missing_ratio": 0.3, "missing_items": 0},
    {"popularity": "sliding", "slide_per_second": 20.0},
    {"popularity": "latest", "slide_per_second": 10.0},
    {"popularity": "scan"},
    {"shape": "spike", "shape_peak": 5.0, "shape_period_seconds": 10.0, "spike_seconds": 2.0},
]


def a_scenario_of(draw):
    """Return the scenarios of a random run, its load, its first epoch and how it is changed."""
    load = draw.choice(LOADS) | {
        "arrivals": draw.choice(["poisson", "paced"]),
        "rate": draw.choice([20.0, 50.0, 150.0]),
        "items": draw.choice([20, 300]),
        "seed": draw.randrange(1000),
    }
    writes = draw.random() < 0.5
    load |= {"write_ratio": 0.1} if writes else {}
    scenarios = {"A": Scenario(writes=writes), "B": Scenario(hot_key=True)}
    if load.get("popularity") == "scan":
        scenarios = {"A": Scenario()}
    changes = [(draw.uniform(0.5, SECONDS), draw.random() < 0.6) for _ in range(draw.randrange(4))]
    return scenarios, load, sorted(changes)


def users_of(draw, scenarios):
    """Return some users in one process or in two."""
    return {
        process: {name: draw.randrange(1, 4) for name in scenarios}
        for process in draw.choice([["a"], ["a", "b"]])
    }


def in_force_of(draw):
    knobs = {
        "ttl_seconds": draw.choice([0.0, 0.3, 1.0, 4.5, 20.0]),
        "negative_ttl_seconds": draw.choice([0.0, 0.5, 3.0]),
        "protection": draw.choice(["none", "single-flight", "lease", "early", "stale"]),
        "stale_seconds": draw.choice([0.5, 5.0]),
        "ttl_jitter_ratio": draw.choice([0.0, 0.0, 0.2]),
        "near_seconds": draw.choice([0.0, 0.0, 0.7]),
        "near_entries": draw.choice([3, 10_000]),
        "fencing": draw.choice(["on", "off"]),
    }
    return InForce(knobs, draw.choice([0.0, 0.01, 0.8]), draws=draw.randrange(99))


def replayed_twice(draw):
    """Return the replay of a random run that counts, and the one that keeps all, and its marks."""
    scenarios, load, changes = a_scenario_of(draw)
    workload, replicas = Workload(settings(**load), None), draw.choice([1, 2])
    users, first = users_of(draw, scenarios), in_force_of(draw)
    start = draw.choice(["cold", "unknown"])
    counting, keeping = (
        kind(
            ArrivalSequence(workload, scenarios, Epoch(0.0, 0.0, 0, users), replicas), first, start
        )
        for kind in (RunReplay, UnfoldedReplay)
    )
    marks = [0.0]
    for number, (at, is_of_knobs) in enumerate(changes, 1):
        marks += [at, at + draw.choice([0.0, draw.uniform(0.0, 30.0)])]
        counting.mark(*marks)
        if draw.random() < 0.5:
            counting.advance(draw.uniform(0.0, at))
        if is_of_knobs:
            now = in_force_of(draw)
            counting.change(at, now)
            keeping.change(at, now)
        else:
            rate = {"rate": draw.choice([20.0, 100.0])}
            epoch = Epoch(0.0, at, number, users_of(draw, scenarios), rate)
            counting.begin(epoch)
            keeping.begin(epoch)
    seconds = SECONDS + draw.choice([0.0, 0.37])
    counting.advance(seconds)
    keeping.advance(seconds)
    return counting, keeping, [at for at in marks if at < seconds], seconds


@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize("seed", range(60))
def test_random_run_has_the_figures_of_the_replay_that_keeps_every_answer(seed):
    counting, keeping, marks, seconds = replayed_twice(random.Random(seed))

    so_far, runs = counting.result(), keeping.runs(seconds)

    edges = sorted({*marks, *map(float, range(int(seconds) + 1)), seconds})
    counted = [so_far.from_empty] + ([so_far.from_full] if so_far.from_full else [])
    assert len(counted) == len(runs)
    for mine, reference in zip(counted, runs, strict=True):
        for opens, closes in (*itertools.pairwise(edges), *itertools.product(marks, edges)):
            if opens < closes:
                assert mine.counts(opens, closes) == reference.counts(opens, closes)
    assert so_far.known_from == keeping.known_from(seconds)


@pytest.fixture
def forgetful(monkeypatch):
    """Let the replay forget what it may after each piece, however little that is."""
    monkeypatch.setattr(cache_model, "_FEWEST_FORGOTTEN", 1)
    monkeypatch.setattr(run_replay, "PIECE_SECONDS", 2.0)


def reads(start="cold", knobs=None, **load):
    """Return the replay of a run of reads that has not begun."""
    given = {"rate": 500.0, "items": 100} | load
    arrivals = ArrivalSequence(
        Workload(settings(**given), None),
        {"A": Scenario()},
        Epoch(0.0, 0.0, 0, {"process": {"A": 1}}),
    )
    return RunReplay(arrivals, InForce(knobs or {"ttl_seconds": 0.5}, 0.0), start)


@pytest.fixture
def traced():
    tracemalloc.start()
    yield tracemalloc
    tracemalloc.stop()


@pytest.mark.parametrize(
    "load", [{}, {"rate": 200.0, "missing_ratio": 0.5, "missing_items": 0}], ids=str
)
def test_lookups_of_a_long_run_need_no_more_room_than_those_before(traced, load):
    replay = reads(**load)
    replay.advance(60.0)
    before, _ = traced.get_traced_memory()

    replay.advance(240.0)

    after, _ = traced.get_traced_memory()
    assert replay.result().from_empty.total.sum() > 45_000
    assert after - before < 600_000


def test_run_that_is_replayed_at_its_end_needs_the_room_of_ten_seconds(traced):
    replay = reads()

    replay.advance(200.0)

    _, peak = traced.get_traced_memory()
    assert peak < 4_000_000


def test_answer_after_what_was_replayed_counts_once_that_is_reached():
    counts = AnswerCounts()
    counts.add(np.array([1.5, 0.2]), np.array([MISS, HIT], np.uint8), 1.2)

    first = counts.counted()
    counts.add(np.empty(0), np.empty(0, np.uint8), 3.0)

    assert (first.total[HIT], first.total[MISS]) == (1, 0)
    assert counts.counted().counts(1, 2)["miss"] == 1
    assert (first.total[HIT], first.total[MISS]) == (1, 0)


def test_mark_divides_a_second_and_one_that_is_passed_does_not():
    counts = AnswerCounts()
    counts.mark(0.25)
    answers, results = np.arange(0.05, 1.0, 0.1), np.full(10, HIT, np.uint8)
    counts.add(answers, results, 1.0)
    counts.mark(0.75)

    run = counts.counted()

    assert run.counts(0.0, 0.25)["hit"] == 2
    assert run.counts(0.25, 1.0)["hit"] == 8
    assert run.counts(0.75, 1.0) is None
    assert run.hit_ratio(0.75, 1.0) is None


def test_answer_just_before_a_mark_counts_there_however_late_it_is_told():
    counts = AnswerCounts()
    counts.mark(1.0)
    counts.add(np.empty(0), np.empty(0, np.uint8), 2.0)
    counts.add(np.array([0.999]), np.array([HIT], np.uint8), 3.0)

    assert counts.counted().counts(0.0, 1.0)["hit"] == 1
    assert counts.counted().counts(1.0, 3.0)["hit"] == 0


def test_rows_of_a_long_run_double_and_its_marks_stay_exact():
    answers = np.arange(0.5, 100.0, 1.0)
    results = np.where(answers < 30, MISS, HIT).astype(np.uint8)
    counts = AnswerCounts(most_rows=16)
    counts.mark(33.3)
    for begins in range(0, 100, 10):
        due = slice(begins, begins + 10)
        counts.add(answers[due], results[due], begins + 10.0)

    run = counts.counted()

    assert run.step_seconds == 8
    assert run.counts(24, 32) == dict.fromkeys(SERVICE_RESULTS, 0) | {"miss": 6, "hit": 2}
    assert run.counts(33.3, 100.0)["hit"] == 67
    assert run.counts(33.0, 100.0) is None
    assert len(run.before) == 13


def test_hit_ratios_come_in_steps_that_the_rows_can_be_added_up_to():
    replay = reads()
    replay.advance(9.5)

    ratios = replay.result().hit_ratios(3.0)

    assert [at for at, _ in ratios] == [1.5, 4.5, 7.5]
    run = replay.result().from_empty
    counts = run.counts(3, 6)
    assert ratios[1][1] == sum(counts[word] for word in HIT_RESULTS) / sum(counts.values())
