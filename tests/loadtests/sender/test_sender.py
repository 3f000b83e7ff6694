"""What the loops of one process's run are made of; none of them gets to send."""

import math
import time

import gevent
import numpy as np
import pytest
from gevent.event import Event

from loadtests.sender.sender import LoadRun
from loadtests.workload.scenario import Scenario
from loadtests.workload.shares import divide
from tests.loadtests.settings_for import settings

BOTH = {"ReadHeavy": Scenario(), "ReadWrite": Scenario(writes=True)}


def first_ids(scenarios, epoch=0):
    """The first ids that each scenario's loop would ask for."""
    run = LoadRun(settings(), scenarios, None, lambda **_: None, lambda: None)
    shares = divide(time.time(), 0.0, epoch, {"here": dict.fromkeys(scenarios, 1)})
    run.begin(shares["here"])
    ids = [loop._operations.next_block(1000).keys for loop in run._loops]
    run.stop()
    return ids


@pytest.fixture
def ends():
    return []


@pytest.fixture
def run(ends):
    run = LoadRun(settings(), BOTH, None, lambda **_: None, lambda: ends.append("exhausted"))
    yield run
    run.stop()


def second_of_two(epoch):
    """The share of a process beside another that has the same scenario."""
    return divide(time.time(), 0.0, epoch, {key: {"ReadWrite": 1} for key in "ab"})["b"]


def test_scenarios_side_by_side_ask_for_ids_of_their_own():
    read_heavy, read_write = first_ids(BOTH)

    alike = np.mean(read_heavy == read_write)
    assert alike < 0.1
    assert np.bincount(read_heavy).argmax() == np.bincount(read_write).argmax()


@pytest.mark.parametrize("name", BOTH)
def test_a_scenario_alone_asks_for_the_seeds_own_ids(name):
    scenario = BOTH[name]
    popularity = scenario.popularity(settings(), None)

    (ids,) = first_ids({name: scenario})

    assert ids.tolist() == popularity.sampler(0).draw(np.zeros(1000)).tolist()


def test_other_users_ask_for_other_ids_than_those_before_them():
    (before,), (after,) = (first_ids({"ReadHeavy": Scenario()}, epoch) for epoch in (0, 1))

    assert np.mean(before == after) < 0.1


def test_keys_that_others_had_meanwhile_may_hold_what_they_wrote(run):
    run.begin(second_of_two(0))
    _, before = run._oracles["ReadWrite"]
    run.begin(second_of_two(1).without_users())

    run.begin(second_of_two(2))

    _, after = run._oracles["ReadWrite"]
    assert before._settled_at == -math.inf
    assert after._settled_at > 0


def test_keys_that_stay_here_keep_what_is_known_of_them(run):
    run.begin(second_of_two(0))
    before = run._oracles["ReadWrite"]

    run.begin(second_of_two(1))

    assert run._oracles["ReadWrite"] is before


def test_a_process_that_gets_users_again_while_it_drains_is_not_at_its_end(run, ends):
    drained = Event()
    run.begin(second_of_two(0))
    run._pool.drain = drained.wait
    run.begin(second_of_two(1).without_users())
    gevent.sleep(0)

    run.begin(second_of_two(2))
    drained.set()
    gevent.sleep(0.01)

    assert ends == []
