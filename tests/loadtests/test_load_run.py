"""What the loops of one process's run are made of; none of them gets to send."""

import time

import numpy as np
import pytest

from loadtests.load_run import LoadRun
from loadtests.scenarios import Scenario
from loadtests.shares import divide
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
