"""The loops that one process of a run builds; no request is sent."""

import math
import time

import gevent
import numpy as np
import pytest
from gevent.event import Event

from loadtests.sender.sender import LoadRun
from loadtests.workload.assignments import Epoch
from loadtests.workload.scenario import Scenario, Workload
from tests.loadtests.settings_for import settings

BOTH = {"ReadHeavy": Scenario(), "ReadWrite": Scenario(writes=True)}


def first_ids(scenarios, epoch=0):
    """Return the first ids that each scenario's loop would look up."""
    run = LoadRun(Workload(settings(), None), scenarios, None, lambda **_: None, lambda: None)
    run.begin(Epoch(time.time(), 0.0, epoch, {"here": dict.fromkeys(scenarios, 1)}), "here")
    ids = [loop._operations.next_block(1000).keys for loop in run._loops]
    run.stop()
    return ids


@pytest.fixture
def ends():
    return []


@pytest.fixture
def run(ends):
    workload = Workload(settings(), None)
    run = LoadRun(workload, BOTH, None, lambda **_: None, lambda: ends.append("exhausted"))
    yield run
    run.stop()


def second_of_two(epoch):
    """Return an epoch in which two processes have the same scenario, and the second one."""
    return Epoch(time.time(), 0.0, epoch, {key: {"ReadWrite": 1} for key in "ab"}), "b"


def only_the_other(epoch):
    """Return an epoch in which the first process has all users, and the second one."""
    return Epoch(time.time(), 0.0, epoch, {"a": {"ReadWrite": 1}}), "b"


def test_scenarios_of_one_run_draw_different_ids_of_the_same_popularity():
    read_heavy, read_write = first_ids(BOTH)

    alike = np.mean(read_heavy == read_write)
    assert alike < 0.1
    assert np.bincount(read_heavy).argmax() == np.bincount(read_write).argmax()


@pytest.mark.parametrize("name", BOTH)
def test_a_scenario_alone_draws_the_first_sequence_of_the_seed(name):
    scenario = BOTH[name]
    popularity = scenario.popularity(settings(), None)

    (ids,) = first_ids({name: scenario})

    assert ids.tolist() == popularity.sampler(0).draw(np.zeros(1000)).tolist()


def test_users_after_a_change_draw_other_ids_than_those_before():
    (before,), (after,) = (first_ids({"ReadHeavy": Scenario()}, epoch) for epoch in (0, 1))

    assert np.mean(before == after) < 0.1


def test_keys_that_return_from_another_process_may_hold_its_values(run):
    run.begin(*second_of_two(0))
    _, before = run._oracles["ReadWrite"]
    run.begin(*only_the_other(1))

    run.begin(*second_of_two(2))

    _, after = run._oracles["ReadWrite"]
    assert before._settled_at == -math.inf
    assert after._settled_at > 0


def test_keys_that_stay_in_a_process_keep_their_oracle(run):
    run.begin(*second_of_two(0))
    before = run._oracles["ReadWrite"]

    run.begin(*second_of_two(1))

    assert run._oracles["ReadWrite"] is before


def test_a_process_that_gets_users_again_while_it_drains_does_not_report_its_end(run, ends):
    drained = Event()
    run.begin(*second_of_two(0))
    run._pool.drain = drained.wait
    run.begin(*only_the_other(1))
    gevent.sleep(0)

    run.begin(*second_of_two(2))
    drained.set()
    gevent.sleep(0.01)

    assert ends == []


def test_process_that_was_busy_says_how_busy(run):
    run.begin(Epoch(time.time(), 0.0, 0, {"here": {"ReadHeavy": 1}}), "here")
    sum(number * number for number in range(300_000))
    run._tick()

    assert run.tallies.cpu_ratio is not None
    assert run.tallies.cpu_ratio > 0.05
