"""Whether the slots of a run are enough for the processes that will send."""

import pytest
from locust.runners import MasterRunner

from loadtests.run.ledger import Ledger
from loadtests.run.readiness import Readiness
from loadtests.workload.flags import FlagError
from tests.loadtests.run.environments import read_heavy_environment
from tests.loadtests.settings_for import settings


class TwoWorkers(MasterRunner):
    """A master runner that knows only its number of workers."""

    worker_count = 2
    greenlet = None

    def __init__(self):
        pass


@pytest.fixture
def environment():
    return read_heavy_environment()


@pytest.fixture
def readiness(environment):
    environment.runner = TwoWorkers()
    return Readiness(environment, Ledger(environment, None, lambda _outcome: None))


def is_refused(readiness, users, **load):
    try:
        readiness.require_slots(settings(**load), users)
    except FlagError:
        return True
    return False


def test_fewer_slots_than_workers_that_will_send_are_refused(readiness):
    with pytest.raises(FlagError, match=r"max-in-flight must be at least 2, .* got '1'"):
        readiness.require_slots(settings(max_in_flight=1), users=3)


@pytest.mark.parametrize(("slots", "users"), [(2, 3), (1, 1)], ids=["all send", "one sends"])
def test_a_slot_for_each_worker_that_will_send_is_enough(readiness, slots, users):
    assert not is_refused(readiness, users, max_in_flight=slots)


def test_one_slot_is_enough_for_an_ordered_sequence_which_one_worker_sends(readiness):
    assert not is_refused(readiness, 3, max_in_flight=1, popularity="scan")


def test_one_slot_is_enough_for_a_process_without_workers(environment):
    readiness = Readiness(environment, Ledger(environment, None, lambda _outcome: None))

    assert not is_refused(readiness, 3, max_in_flight=1)
