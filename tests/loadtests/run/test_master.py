"""The master's part of a run, driven by events and workers' messages; no process is started."""

from types import SimpleNamespace

import gevent
import pytest
from locust.runners import STATE_MISSING

from loadtests.run import master
from loadtests.run.ledger import Ledger
from loadtests.run.master import MasterLoad
from loadtests.run.worker import BEGIN, BEGUN, EXHAUSTED, GIVE_UP, REPORT, STOPPED
from loadtests.sender.tallies import Tallies
from tests.loadtests.run.environments import read_heavy_environment


class Runner:
    """Stands for the runner of two workers that begin on request."""

    def __init__(self):
        self.clients = {}
        self.target_user_count = self.user_count = 2
        self.handlers = {}
        self.sent = []
        self.ended = 0

    def register_message(self, word, handler):
        self.handlers[word] = handler

    def send_message(self, word, data, worker):
        self.sent.append((word, worker, data))
        if word == BEGIN:
            self.receive(worker, BEGUN)

    def receive(self, worker, word):
        self.handlers[word](SimpleNamespace(node_id=worker, data=None))

    def stop(self):
        self.ended += 1


def node(users):
    return SimpleNamespace(user_classes_count={"ReadHeavy": users}, state="running")


@pytest.fixture
def runner():
    return Runner()


@pytest.fixture
def environment(runner):
    environment = read_heavy_environment(headless=False)
    environment.runner = runner
    return environment


@pytest.fixture
def events(environment):
    return environment.events


@pytest.fixture
def outcomes():
    return []


@pytest.fixture
def load(runner, environment, events, outcomes):
    ledger = Ledger(environment, None, outcomes.append)
    master = MasterLoad(environment, runner, ledger)
    events.test_start.fire()
    spawn(runner, events, a=1, b=1)
    return master


def spawn(runner, events, **users):
    runner.clients = {worker: node(count) for worker, count in users.items()}
    runner.user_count = runner.target_user_count = sum(users.values())
    events.spawning_complete.fire(user_count=runner.user_count)
    gevent.sleep(0)


def report(events, worker, **counts):
    tallies = {"tallies": Tallies(**counts).to_message(), "at": 0.0}
    events.worker_report.fire(client_id=worker, data={REPORT: tallies})
    gevent.sleep(0)


def test_a_worker_that_an_edit_leaves_without_users_is_instructed_to_send_nothing(
    load, runner, events
):
    del load
    runner.sent.clear()

    spawn(runner, events, a=1, b=0)

    sending = {
        worker: {name for name, count in data["users"][worker].items() if count}
        for _, worker, data in runner.sent
    }
    assert sending == {"a": {"ReadHeavy"}, "b": set()}


def test_a_run_ends_when_every_worker_is_exhausted(load, runner, events):
    del load
    runner.receive("a", EXHAUSTED)
    report(events, "b")
    assert runner.ended == 0

    runner.receive("b", EXHAUSTED)
    report(events, "b")

    assert runner.ended == 1


def test_a_worker_that_goes_away_last_does_not_prevent_the_end_of_a_run(load, runner, events):
    del load
    runner.receive("b", EXHAUSTED)

    runner.clients["a"].state = STATE_MISSING
    report(events, "b")
    report(events, "b")

    assert runner.ended == 1


def test_requests_in_flight_of_a_missing_worker_are_not_counted(load, runner, events):
    report(events, "a", in_flight=3, arrivals=10)
    report(events, "b", in_flight=4, arrivals=10)
    assert load.tallies().in_flight == 7

    runner.clients["a"].state = STATE_MISSING

    assert (load.tallies().in_flight, load.tallies().arrivals) == (4, 20)


def test_users_that_arrive_while_a_run_is_being_stopped_start_nothing(load, runner, events):
    del load
    runner.clients = {}  # No worker to wait for
    events.test_stopping.fire()
    runner.sent.clear()

    spawn(runner, events, a=1, b=1)

    assert runner.sent == []


@pytest.mark.parametrize(("together", "lost"), [(60.0, 0), (-1.0, 2)], ids=["just now", "earlier"])
def test_workers_that_left_on_their_own_are_lost_unless_the_run_ends_with_them(
    load, runner, events, outcomes, monkeypatch, together, lost
):
    del load
    monkeypatch.setattr(master, "_TOGETHER_SECONDS", together)
    for worker in ("a", "b"):
        runner.receive(worker, STOPPED)
        del runner.clients[worker]

    events.test_stopping.fire()

    assert len(outcomes[0].unreported) == lost


def test_a_second_stop_waits_only_for_workers_that_have_not_stopped(load, runner, events, outcomes):
    del load
    first = gevent.spawn(events.test_stopping.fire)
    gevent.sleep(0)
    runner.receive("a", STOPPED)
    runner.sent.clear()

    second = gevent.spawn(events.test_stopping.fire)
    gevent.sleep(0)
    assert [(word, worker) for word, worker, _ in runner.sent] == [(GIVE_UP, "b")]
    runner.receive("b", STOPPED)

    assert len(gevent.joinall([first, second], timeout=1.0)) == 2
    assert outcomes[0].unreported == ()
