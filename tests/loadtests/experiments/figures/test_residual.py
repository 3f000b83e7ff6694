"""The doubt about a trial that is unlike the replay of its own arrivals."""

from dataclasses import replace

import pytest

from loadtests.experiments.figures.conclusions import conclusions
from loadtests.experiments.figures.residual import most_residual
from loadtests.experiments.figures.trial_figures import figures_of
from loadtests.replay.trial_replay import ReplayRecord
from loadtests.service_under_test.contract import SERVICE_RESULTS

NONE = dict.fromkeys(SERVICE_RESULTS, 0)
TENTH = {**NONE, "hit": 90, "miss": 10}
"""What each of the ten batches of the fake trial counts: a hit ratio of .9."""


def replay_of(*batches, lateness=None):
    return ReplayRecord(batches, 0.0, [], lateness)


def with_hits(hits):
    return {**NONE, "hit": hits, "miss": 100 - hits}


@pytest.fixture
def doubt(record, samples):
    """Return a function that gives the doubt about a trial with a replay; None if there is none."""

    def of(replay, **fields):
        doubts = figures_of(record(replay=replay, **fields), samples()).doubts
        return next((doubt for doubt in doubts if doubt.kind == "unlike-replay"), None)

    return of


def test_trial_like_its_replay_is_not_doubted_and_says_how_near_it_is(record, samples, doubt):
    replay = replay_of(*[with_hits(90.2)] * 10)

    figures = figures_of(record(replay=replay), samples())

    assert figures.replayed_hit_ratio == pytest.approx(0.902)
    assert figures.residual == pytest.approx(-0.002)
    assert doubt(replay) is None


def test_record_without_a_replay_is_judged_without_it(record, samples, doubt):
    figures = figures_of(record(), samples())

    assert (figures.replayed_hit_ratio, figures.residual) == (None, None)
    assert doubt(None) is None


def test_entries_that_went_away_are_told_with_their_time(doubt):
    missing = [TENTH] * 10
    missing[5] = with_hits(97)

    found = doubt(replay_of(*missing))

    assert found.scope == "trial"
    # The window opens at 1.5 s and its batches are 1 s long.
    assert found.text == (
        "the hit ratio is 0.7 points below that of the replay of its own arrivals, most between "
        "6.5 and 7.5 s; the machine explains 0.3 points"
    )
    assert "DEL" in found.advice


def test_entries_that_lived_longer_are_told_as_such(doubt):
    found = doubt(replay_of(*[with_hits(85)] * 10))

    assert "5.0 points above" in found.text
    assert "who else reads these ids" in found.advice


def test_machine_that_is_late_explains_three_times_its_deviation(doubt):
    late = replay_of(*[with_hits(91)] * 10, lateness=0.004)

    assert most_residual(late) == pytest.approx(0.012)
    assert doubt(late) is None
    assert "explains 0.9 points" in doubt(replace(late, lateness=0.003)).text


def test_trial_without_a_window_is_judged_as_a_whole(record, doubt):
    begun, ended = record().readings[0], record().readings[-1]

    found = doubt(replay_of(with_hits(95)), window=None, readings=[begun, ended])

    assert "5.0 points below that of the replay of its own arrivals; the machine" in found.text


def test_cache_that_is_off_has_nothing_to_compare(doubt):
    assert doubt(replay_of({**NONE, "bypass": 100})) is None


def test_conclusions_tell_how_near_the_trials_are_to_their_replays(record, samples, run_record):
    near = figures_of(record(replay=replay_of(*[with_hits(90.2)] * 10)), samples())
    doubted = figures_of(record(replay=replay_of(*[with_hits(50)] * 10)), samples())

    said = " ".join(conclusions(run_record, [near, doubted]))

    assert "is off by 0.2 points of hit ratio at most" in said


@pytest.fixture
def near_record(record):
    """Return a trial with a near tier that answered 40 of the 100 lookups of each batch."""
    plain = record()
    readings = [
        replace(
            reading,
            counters=replace(
                reading.counters,
                lookups=reading.counters.lookups | {"hit": 50 * number, "near": 40 * number},
                cache_ops={"read": 60 * number},
            ),
        )
        for number, reading in enumerate(plain.readings)
    ]
    return record(readings=readings, knobs=plain.knobs | {"near_seconds": 1.0})


def near_replay(near):
    return replay_of(*[{**NONE, "hit": 90 - near, "near": near, "miss": 10}] * 10)


def test_near_share_and_lookups_that_ask_redis_are_figures(near_record, samples):
    prediction = replace(near_record.prediction, near_ratio=0.41, cache_reads_per_second=59.0)
    trial = replace(near_record, prediction=prediction, replay=near_replay(40.5))

    found = figures_of(trial, samples())

    assert (found.near_ratio, found.replayed_near_ratio, found.predicted_near_ratio) == (
        pytest.approx(0.4),
        pytest.approx(0.405),
        0.41,
    )
    assert found.cache_reads_per_second == pytest.approx(60.0)
    assert found.predicted_cache_reads_per_second == 59.0
    assert "near-unlike-replay" not in {doubt.kind for doubt in found.doubts}


def test_near_tier_that_was_off_for_a_while_makes_latencies_doubtful(near_record, samples):
    found = figures_of(replace(near_record, replay=near_replay(45)), samples())

    (doubt,) = [doubt for doubt in found.doubts if doubt.kind == "near-unlike-replay"]
    assert doubt.scope == "latency"
    assert doubt.text == (
        "near tiers answered 40.0 % of the lookups, 45.0 % in the replay of the trial's own "
        "arrivals"
    )


def test_trial_without_a_near_tier_has_no_figures_of_one(record, samples):
    found = figures_of(record(), samples())

    assert (found.near_ratio, found.cache_reads_per_second) == (None, None)
