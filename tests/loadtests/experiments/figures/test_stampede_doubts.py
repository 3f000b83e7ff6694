"""The doubts about a trial of the stampede bench that shares its machine."""

from dataclasses import replace

import pytest

from loadtests.experiments.figures.stampede.stampede_doubts import stampede_doubts
from loadtests.experiments.plan.stampede_plan import StampedePlan
from loadtests.experiments.records.polls import Poll

PLAN = StampedePlan(ttl_seconds=2, store_delay_seconds=0.1)


@pytest.fixture
def quiet(record):
    """Return a record of a trial measured whole, with loads of 0.1 s that take 0.1014 s."""
    made = record()
    conditions = [
        replace(each, service=replace(each.service, load_seconds=each.service.loads * 0.1014))
        for each in made.conditions
    ]
    prediction = replace(made.prediction, fill_seconds=0.1011)
    return replace(made, window=None, conditions=conditions, prediction=prediction, readings=[])


def read_every(seconds, until_seconds=0.001):
    """Return readings that begin so far apart."""
    return [Poll(at * seconds, at * seconds + until_seconds, at // 10) for at in range(100)]


def kinds(record, p99_between=0.004, polls=()):
    return {doubt.kind for doubt in stampede_doubts(record, PLAN, polls, p99_between)}


def held_up(record, p99_between=0.004, polls=()):
    (doubt,) = (
        doubt
        for doubt in stampede_doubts(record, PLAN, polls, p99_between)
        if doubt.kind == "held-up"
    )
    assert doubt.scope == "trial"
    return doubt.text


def test_quiet_trial_is_not_held_up(quiet):
    assert "held-up" not in kinds(quiet)
    assert "held-up" not in kinds(quiet, p99_between=None)


def test_requests_that_start_a_tenth_of_a_load_late_spoil_the_trial(quiet):
    late = replace(quiet, load={**quiet.load, "slip_p99_seconds": 0.012})

    assert "at least 12 ms late" in held_up(late)


def test_hits_that_take_a_fifth_of_a_load_spoil_the_trial(quiet):
    assert "took at least 25 ms" in held_up(quiet, p99_between=0.025)


def test_loads_that_take_longer_than_the_probe_spoil_the_trial(quiet):
    slow = [
        replace(each, service=replace(each.service, load_seconds=each.service.loads * 0.12))
        for each in quiet.conditions
    ]

    assert "a load took 120 ms, in the probe 101 ms" in held_up(replace(quiet, conditions=slow))


def test_loads_that_were_not_read_for_a_quarter_of_a_ttl_spoil_the_trial(quiet):
    """Two refreshes of one load each, a TTL of 2 s apart, would count as one of two loads."""
    often = read_every(0.025)
    paused = [*often, Poll(often[-1].until + 0.6, often[-1].until + 0.61, 11)]

    assert "the loads could not be read for 611 ms" in held_up(quiet, polls=paused)
    assert "held-up" not in kinds(quiet, polls=often)
    assert "held-up" not in kinds(quiet, polls=read_every(0.49))


def test_aborted_trial_says_only_why(quiet):
    late = {**quiet.load, "slip_p99_seconds": 1.0}

    assert kinds(replace(quiet, load=late, aborted="no arrival")) == {"aborted"}
