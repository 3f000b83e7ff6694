"""A run in one process, driven by Locust's events."""

from types import SimpleNamespace

from loadtests.run.ledger import Ledger
from loadtests.run.single_process import LocalLoad
from loadtests.sender.tallies import Tallies
from tests.loadtests.run.environments import read_heavy_environment


class Run:
    """Stands for a run that gets more users while it drains."""

    def __init__(self, events):
        self.events = events
        self.tallies = Tallies()
        self.begun = 0

    def begin(self, _epoch, _process):
        self.begun += 1

    def stop(self):
        self.events.spawning_complete.fire(user_count=1)


def test_users_that_arrive_while_a_run_is_being_stopped_start_nothing():
    environment = read_heavy_environment()
    environment.runner = SimpleNamespace(user_classes_count={"ReadHeavy": 1})
    events = environment.events
    ledger = Ledger(environment, None, lambda _outcome: None)
    load = LocalLoad(environment, ledger)
    ledger.open()
    load._run = run = Run(events)
    events.spawning_complete.fire(user_count=1)

    events.test_stopping.fire()
    events.spawning_complete.fire(user_count=1)

    assert run.begun == 1
