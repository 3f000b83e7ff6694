"""Lookups counted by the time at which they were due."""

import numpy as np
import pytest

from loadtests.sender.samples import RESULT_INDEX
from loadtests.sender.timeline import FINEST_STEP_SECONDS, MOST_STEPS, Timeline

HIT, MISS = RESULT_INDEX["hit"], RESULT_INDEX["miss"]


def timeline(*lookups):
    made = Timeline()
    due, results = zip(*lookups, strict=True)
    made.add(np.array(due, dtype=float), np.array(results))
    return made


def hits_and_misses(counts):
    return counts["hit"], counts["miss"]


def test_a_lookup_counts_in_the_step_in_which_it_was_due():
    steps = timeline((0.1, MISS), (0.3, HIT)).steps()

    assert [(begins, *hits_and_misses(row)) for begins, row in steps] == [
        (0.0, 0, 1),
        (0.125, 0, 0),
        (0.25, 1, 0),
    ]


def test_only_whole_steps_lie_between_two_times():
    seconds = timeline((0.5, MISS), (1.5, HIT), (2.5, HIT), (3.5, HIT))

    assert hits_and_misses(seconds.between(0.0, 9.0)) == (3, 1)
    assert hits_and_misses(seconds.between(0.55, 3.55)) == (2, 0)
    assert hits_and_misses(seconds.between(2.4, 2.6)) == (0, 0)
    assert hits_and_misses(seconds.between(1.0, float("inf"))) == (3, 0)


def test_the_steps_of_a_long_run_grow_and_no_lookup_is_lost():
    seconds = timeline((0.1, MISS), (3 * MOST_STEPS * FINEST_STEP_SECONDS, HIT))
    seconds.add(np.array([0.4]), np.array([HIT]))

    assert seconds.step_seconds == 4 * FINEST_STEP_SECONDS
    assert hits_and_misses(seconds.between(0.0, float("inf"))) == (2, 1)
    assert hits_and_misses(next(seconds.steps())[1]) == (1, 1)


@pytest.mark.parametrize("swapped", [False, True])
def test_processes_add_up_whatever_the_length_of_their_steps(swapped):
    parts = [timeline((0.5, MISS), (600.5, HIT)), timeline((0.7, HIT), (7.0, HIT))]
    total = Timeline()
    for part in reversed(parts) if swapped else parts:
        total.merge(Timeline.from_message(part.to_message()))

    assert total.step_seconds == 1
    assert hits_and_misses(next(total.steps())[1]) == (1, 1)
    assert hits_and_misses(total.between(0.0, float("inf"))) == (3, 1)


def test_nothing_to_count_changes_nothing():
    empty = Timeline()
    empty.add(np.array([]), np.array([], dtype=int))
    empty.merge(Timeline.from_message(Timeline().to_message()))

    assert list(empty.steps()) == []
    assert hits_and_misses(empty.between(0.0, 10.0)) == (0, 0)
