"""A run in one process, driven by Locust's events."""

from types import SimpleNamespace

from locust.env import Environment

from loadtests.run.single_process import LocalLoad
from loadtests.sender.tallies import Tallies


class Preparation:
    """Stands for the preparation of a run in progress."""

    keeps_its_users = False
    started_at = None
    is_open = True

    def begin(self, started_at):
        self.started_at = started_at

    def conclude(self, _tallies):
        self.is_open = False


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
    events = Environment().events
    runner = SimpleNamespace(user_count=1, user_classes_count={"ReadHeavy": 1})
    load = LocalLoad(SimpleNamespace(events=events, runner=runner), Preparation())
    load._run = run = Run(events)
    events.spawning_complete.fire(user_count=1)

    events.test_stopping.fire()
    events.spawning_complete.fire(user_count=1)

    assert run.begun == 1
