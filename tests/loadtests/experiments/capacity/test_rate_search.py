"""The search for the highest rate, on response curves that are known: queue, noise, own limit."""

import itertools
import math
import random

import pytest

from loadtests.experiments.capacity.rate_search import (
    RateRange,
    Tried,
    decision,
    next_rate,
    summary,
)

RANGE = RateRange(first=100.0, highest=20_000.0)


def p99_of_queue(rate, capacity):
    """Return the p99 in seconds of an M/M/1 queue: an exponential of rate capacity - rate."""
    return math.log(100) / (capacity - rate) if rate < capacity else math.inf


def judged(rate, capacity, bound_seconds, noise=0.0):
    """Return the verdict of a step whose measured p99 errs by a factor of 1 ± 3 *noise*."""
    p99 = p99_of_queue(rate, capacity)
    if p99 * (1 + 3 * noise) < bound_seconds:
        return Tried(rate, "holds")
    return Tried(rate, "breaks" if p99 > bound_seconds * (1 + 3 * noise) else "unsure")


def search(step, within=RANGE):
    tried = []
    while (rate := next_rate(tried, within)) is not None:
        tried.append(step(rate))
        assert len(tried) <= 60
    return tried


@pytest.mark.parametrize("capacity", [150, 480, 1000, 3333, 12_000])
@pytest.mark.parametrize("bound_seconds", [0.05, 0.5])
def test_capacity_of_a_queue_is_found_to_the_resolution(capacity, bound_seconds):
    true = capacity - math.log(100) / bound_seconds

    tried = search(lambda rate: judged(rate, capacity, bound_seconds))

    found = summary(tried)
    assert found.holds < true < found.breaks
    assert found.breaks <= found.holds * 1.1
    assert len(tried) <= RANGE.most_steps


def test_climb_doubles_and_then_halves_the_gap_on_a_logarithmic_scale():
    tried = search(lambda rate: Tried(rate, "holds" if rate < 550 else "breaks", far=True))

    assert [step.rate for step in tried] == [100, 200, 400, 800, 566, 476, 519]
    assert (summary(tried).holds, summary(tried).breaks) == (519, 566)


def test_search_ends_at_the_highest_rate_if_nothing_breaks():
    tried = search(lambda rate: Tried(rate, "holds"))

    assert [step.rate for step in tried][-2:] == [12_800, 20_000]
    assert (summary(tried).holds, summary(tried).breaks) == (20_000, None)


def test_search_goes_down_if_the_first_rate_breaks():
    tried = search(lambda rate: Tried(rate, "holds" if rate <= 30 else "breaks", far=True))

    assert [step.rate for step in tried][:3] == [100, 50, 25]
    assert summary(tried).holds == pytest.approx(30, rel=0.1)


def test_search_gives_up_where_one_lookup_per_second_is_too_many():
    tried = search(lambda rate: Tried(rate, "breaks", far=True))

    assert min(step.rate for step in tried) >= 1
    assert summary(tried).holds is None


def test_pause_of_the_machine_in_one_step_does_not_lower_the_answer():
    paused = iter([True])

    def step(rate):
        if rate == 400 and next(paused, False):
            return Tried(rate, "breaks")
        return Tried(rate, "holds" if rate < 1000 else "breaks")

    tried = search(step)

    assert [each.rate for each in tried][2:5] == [400, 400, 400]
    assert summary(tried).holds == pytest.approx(950, rel=0.06)


def test_what_stays_unsure_does_not_hold():
    tried = search(lambda rate: Tried(rate, "holds" if rate < 500 else "unsure"))

    assert summary(tried).holds < 500 <= summary(tried).breaks


@pytest.mark.parametrize("seed", range(20))
def test_noisy_steps_give_an_answer_on_the_low_side_and_near(seed):
    noise, drawn = 0.1, random.Random(seed)
    true = 1000 - math.log(100) / 0.05

    def step(rate):
        p99 = p99_of_queue(rate, 1000) * (1 + drawn.gauss(0, noise))
        if p99 * (1 + 2 * noise) < 0.05:
            return Tried(rate, "holds")
        return Tried(rate, "breaks" if p99 * (1 - 2 * noise) > 0.05 else "unsure")

    holds = summary(search(step)).holds

    # The p99 of a queue is steep: 10 % of it is a few lookups per second here.
    assert 0.85 * true < holds < 1.03 * true


def test_a_rate_that_broke_is_tried_again_and_two_of_three_decide():
    broke, held = Tried(400, "breaks"), Tried(400, "holds")

    assert decision([held], 400) is True
    assert decision([broke], 400) is None
    assert decision([broke, broke], 400) is False
    assert decision([broke, held], 400) is None
    assert decision([broke, held, held], 400) is True
    assert decision([broke, held, broke], 400) is False
    assert decision([Tried(400, "breaks", far=True)], 400) is False
    assert decision([held], 500) is None


def test_steps_suffice_for_every_capacity_above_the_first_rate():
    for true in range(110, 20_000, 97):
        tried = search(lambda rate, true=true: Tried(rate, "holds" if rate < true else "breaks"))

        assert len(tried) <= RANGE.most_steps
        assert summary(tried).breaks <= summary(tried).holds * 1.1 or true > 19_000


def test_search_that_takes_too_many_steps_ends_with_what_it_has():
    alternating = itertools.cycle(["unsure", "holds", "unsure"])

    tried = search(lambda rate: Tried(rate, next(alternating)))

    assert len(tried) <= RANGE.most_steps
