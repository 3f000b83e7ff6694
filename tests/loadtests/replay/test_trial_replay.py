"""The replay of one trial: counted at its own edges, and how far lateness moves it."""

from dataclasses import asdict

import numpy as np
import pytest

from loadtests.replay.run_replay import InForce
from loadtests.replay.trial_replay import (
    Lateness,
    ReplayRecord,
    TrialReplay,
    arrivals_of_trial,
    lateness_of,
)
from loadtests.sender.samples import RESULT_INDEX, SAMPLE_DTYPE
from loadtests.workload.scenario import Workload
from tests.loadtests.settings_for import settings

PUNCTUAL = Lateness(np.zeros(1), np.zeros(0))
LATE = Lateness(np.array([0.05, 0.2]), np.array([0.1]))


def replay_of(fill_seconds=0.002, seconds=40.0, **knobs):
    workload = Workload(settings(rate=100.0, items=100, skew=0.0), None)
    in_force = InForce({"ttl_seconds": 1.0, **knobs}, fill_seconds)
    return TrialReplay(arrivals_of_trial(workload, seconds, 1), in_force)


def test_batches_are_the_lookups_between_the_edges():
    replay = replay_of()

    whole, halves = (replay.record(edges, None) for edges in ([5.0, 35.0], [5.0, 20.0, 35.0]))

    assert len(halves.batches) == 2
    assert halves.counts == whole.counts == dict(whole.batches[0])
    assert halves.hit_ratio == pytest.approx(0.5, abs=0.03)
    assert whole.loads == whole.counts["miss"]
    assert len(whole.per_second) in {39, 40}


def test_record_keeps_its_ratio_when_it_is_read_again():
    record = replay_of().record([5.0, 35.0], None)

    assert ReplayRecord(**asdict(record)).hit_ratio == record.hit_ratio


def test_punctual_machine_explains_nothing_and_a_late_one_more():
    replay = replay_of()

    punctual, late = (replay.record([5.0, 35.0], each).lateness for each in (PUNCTUAL, LATE))

    assert punctual == 0.0
    # Loads of 0.1 s instead of 2 ms take 2.4 points of a hit ratio of .5.
    assert late == pytest.approx(0.024, abs=0.01)


@pytest.mark.parametrize("knobs", [{"protection": "early"}, {"ttl_jitter_ratio": 0.3}], ids=str)
def test_draws_of_the_service_are_averaged_and_explain_a_deviation(knobs):
    record = replay_of(0.05, **knobs).record([5.0, 35.0], PUNCTUAL)

    assert record.hit_ratio == pytest.approx(0.5, abs=0.05)
    assert 0 < record.lateness < 0.02


def test_unknown_lateness_explains_nothing():
    nobody = Lateness(np.zeros(0), np.zeros(0))

    assert replay_of().record([5.0, 35.0], None).lateness is None
    assert replay_of().record([5.0, 35.0], nobody).lateness is None


def test_cache_that_is_off_has_no_ratio_to_explain():
    record = replay_of(ttl_seconds=0.0).record([5.0, 35.0], LATE)

    assert (record.hit_ratio, record.lateness) == (None, None)
    assert record.counts["bypass"] == pytest.approx(3000, rel=0.1)


def test_lateness_is_read_from_the_answers_of_the_cache_and_the_extra_time_of_loads():
    samples = np.zeros(4, dtype=SAMPLE_DTYPE)
    samples["result"] = [RESULT_INDEX[word] for word in ("hit", "stale", "miss", "bypass")]
    samples["response"] = [0.003, 0.005, 0.02, 9.0]
    samples["service"] = [0.002, 0.002, 0.012, 9.0]

    late = lateness_of(samples)

    assert late.answers.tolist() == pytest.approx([0.003, 0.005])
    assert late.loads.tolist() == pytest.approx([0.01])


def test_a_record_of_before_the_near_tier_still_has_its_ratio():
    words = ("hit", "stale", "negative", "miss", "coalesced", "bypass", "error")
    batch = dict.fromkeys(words, 0.0) | {"hit": 75.0, "miss": 25.0}

    record = ReplayRecord([batch], loads=25.0, per_second=[], lateness=0.0)

    assert (record.hit_ratio, record.near_ratio) == (0.75, 0.0)
