"""The parts of a run: when each begins, when its cache is warm, what stands beside its figures."""

import math

import numpy as np
import pytest

from loadtests.prediction.steady_state import Traffic
from loadtests.run.run_parts import Parts, Sent, pooled_warm_hit_ratio
from loadtests.sender.samples import RESULT_INDEX
from loadtests.sender.timeline import Timeline
from loadtests.traffic.zipf import Zipf

TTL_10 = {"ttl_seconds": 10.0}
TTL_2 = {"ttl_seconds": 2.0}
SENT = Sent(Traffic(Zipf(1, 0.0, 1), 1.0), load={"rate": 1.0})


def parts(*notes):
    """Return the parts after each (time, knobs, sent) was noted."""
    made = Parts()
    for at, knobs, sent in notes:
        made.note(at, knobs, sent)
    return made


def lookups(**seconds):
    """Return a timeline with lookups of each result in the given seconds."""
    timeline = Timeline()
    for result, due in seconds.items():
        timeline.add(np.array(due, dtype=float), np.full(len(due), RESULT_INDEX[result]))
    return timeline


def test_a_cache_is_warm_after_one_and_a_half_lives_of_an_entry():
    (part,) = parts((0.0, TTL_10, SENT))

    assert part.warm_from == 15.0
    assert part.changes == ()


@pytest.mark.parametrize(
    ("knobs", "missing", "warm_from"),
    [
        ({"ttl_seconds": 0}, False, 0.0),
        ({**TTL_10, "ttl_jitter_ratio": 0.5}, False, 22.5),
        ({**TTL_2, "protection": "stale", "stale_seconds": 30}, False, 48.0),
        ({**TTL_2, "negative_ttl_seconds": 6}, False, 3.0),
        ({**TTL_2, "negative_ttl_seconds": 6}, True, 9.0),
        ({}, False, math.inf),
    ],
    ids=["cache off", "jitter", "stale", "no missing ids", "missing ids", "unknown knobs"],
)
def test_a_life_is_the_longest_that_an_entry_may_have(knobs, missing, warm_from):
    (part,) = parts((0.0, knobs, Sent(missing=missing)))

    assert part.warm_from == pytest.approx(warm_from)


def test_a_trace_has_no_warming_up():
    sent = Sent(Traffic(Zipf(1, 0.0, 1), 1.0, reads=[(0.0, 1), (1.0, 1)]))

    (part,) = parts((0.0, TTL_10, sent))

    assert part.warm_from == 0.0


def test_after_a_change_the_entries_that_were_filled_before_must_have_expired():
    _, shorter = parts((0.0, TTL_10, SENT), (100.0, TTL_2, SENT))
    _, longer = parts((0.0, TTL_2, SENT), (100.0, TTL_10, SENT))

    assert shorter.warm_from == 110.0
    assert longer.warm_from == 115.0
    assert shorter.changes == ("ttl_seconds 10 → 2",)


def test_after_two_changes_the_entries_of_both_parts_before_must_have_expired():
    *_, last = parts((0.0, TTL_10, SENT), (100.0, TTL_2, SENT), (103.0, {"ttl_seconds": 1.0}, SENT))

    assert last.warm_from == 110.0


def test_changes_within_a_second_are_one():
    faster = Sent(SENT.traffic, load={"rate": 2.0})

    _, both = parts((0.0, TTL_10, SENT), (20.0, TTL_2, SENT), (20.3, TTL_2, faster))

    assert both.changes == ("ttl_seconds 10 → 2", "rate 1 → 2")
    assert (both.begins, both.warm_from) == (20.0, 30.0)


def test_a_change_of_the_rate_begins_a_part_too_and_the_same_again_does_not():
    faster = Sent(SENT.traffic, load={"rate": 2.0})

    two = parts((0.0, TTL_2, SENT), (5.0, TTL_2, SENT), (9.0, TTL_2, faster))

    assert [part.begins for part in two] == [0.0, 9.0]
    assert two.last.changes == ("rate 1 → 2",)


def test_each_part_stands_beside_its_own_prediction():
    two = parts((0.0, TTL_2, SENT), (20.0, {"ttl_seconds": 4.0}, SENT))
    timeline = lookups(miss=[0, 3, 6, 20, 26], hit=[1, 2, 4, 5, 22, 27, 28, 29])

    first, second = two.figures(timeline, 30.0)

    # One item, one lookup a second: T / (1 + T).
    assert first.part.predicted_hit_ratio == pytest.approx(2 / 3)
    assert second.part.predicted_hit_ratio == pytest.approx(4 / 5)
    assert (first.hit_ratio, first.warm_hit_ratio) == (4 / 7, 1 / 2)
    assert (second.hit_ratio, second.warm_hit_ratio) == (4 / 6, 3 / 4)
    assert second.warm_lookups == 4
    assert pooled_warm_hit_ratio([first, second]) == pytest.approx((2 + 3) / (4 + 4))


def test_a_part_that_ended_before_its_cache_was_warm_is_cold():
    (figures,) = parts((0.0, TTL_10, SENT)).figures(lookups(hit=[1], miss=[0]), 15.0)

    assert figures.is_cold
    assert figures.warm_hit_ratio is None
    assert figures.hit_ratio == 0.5
    assert pooled_warm_hit_ratio([figures]) is None


def test_the_run_is_first_warm_in_the_first_part_that_lasts_long_enough():
    assert parts().first_warm == math.inf
    assert parts((0.0, TTL_10, SENT)).first_warm == 15.0
    assert parts((0.0, TTL_10, SENT), (5.0, TTL_2, SENT)).first_warm == 15.0
    assert parts((0.0, TTL_2, SENT), (5.0, TTL_10, SENT)).first_warm == 3.0
