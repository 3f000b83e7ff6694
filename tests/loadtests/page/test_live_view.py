"""The live view of a run while the service answers and while it is silent."""

import itertools
from types import SimpleNamespace

import gevent
import pytest
from gevent.event import Event

from loadtests.page import live_view
from loadtests.page.live_view import LiveView
from loadtests.run.run_parts import Parts, Sent
from loadtests.sender.tallies import Tallies
from loadtests.service_under_test.client import ServiceError
from loadtests.service_under_test.counters import ServiceCounters
from tests.loadtests.settings_for import settings


class Source:
    """Reports one more request in flight each time it is read."""

    def __init__(self):
        self.seen = itertools.count(1)

    def tallies(self):
        return Tallies(in_flight=next(self.seen))

    def workers(self):
        return 0


class Service:
    """Counts ten queries a second; silent until `answers` is set."""

    def __init__(self, clock):
        self.clock = clock
        self.answers = Event()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def counters(self):
        if not self.answers.is_set():
            raise ServiceError("gone")
        return ServiceCounters({}, {"select ok": 10.0 * self.clock.now}, {})


class NoReplay:
    def update(self):
        return None


class Target:
    def rate(self):
        return 0.0

    def arrivals(self):
        return 0.0

    def sent(self, _tallies):
        return 0


class Ledger:
    """Stands for the ledger of a run that knows the service but no traffic."""

    sent = Sent()
    settings = None
    elapsed = 1.0
    key_reads = SimpleNamespace(hit_ratio=None)
    fenced = False
    began_empty = True
    parts = Parts()
    replay = NoReplay()
    target = Target()

    def __init__(self, service):
        self.service = service
        self.knobs = {}
        self.given = settings()

    def part_figures(self, _tallies):
        return ()

    def settings_now(self):
        return self.given

    def client(self, _settings):
        return self.service


class Clock:
    now = 0.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(live_view, "time", clock)
    return clock


@pytest.fixture
def service(clock):
    return Service(clock)


@pytest.fixture
def ledger(service):
    return Ledger(service)


@pytest.fixture
def live(ledger):
    return LiveView(Source(), ledger)


def test_the_view_is_updated_while_the_service_is_silent(live):
    live.start()
    gevent.sleep(0)

    assert live.view.tallies.in_flight == 1


def test_store_queries_are_unknown_once_the_service_has_been_silent(live, service, clock):
    service.answers.set()
    for _ in range(3):
        clock.now += 1.0
        live._read_service()
    live.update()
    assert live.view.store_queries_per_second == pytest.approx(10.0)

    clock.now += 4.0
    live.update()

    assert live.view.store_queries_per_second is None


def test_a_target_is_not_asked_for_store_queries_that_it_does_not_know(live, ledger, monkeypatch):
    ledger.given = settings(target_url="http://127.0.0.1:1/{key}")
    asked = []
    monkeypatch.setattr(ledger, "client", asked.append)

    live._read_service()

    assert asked == []
