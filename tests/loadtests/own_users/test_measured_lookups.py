"""The lookups of a locustfile's own users: begun, ended and drained with Locust's events."""

import gevent
import pytest
from locust.event import Events
from locust.exception import StopUser

from loadtests.own_users.lookup_stream import LookupStream
from loadtests.own_users.measured_lookups import MeasuredLookups
from loadtests.traffic.zipf import Zipf
from tests.loadtests.own_users.users import Shopper

STREAM = LookupStream(Zipf(10, 0.9, seed=7), rate=500, arrivals="paced")


@pytest.fixture
def events():
    return Events()


@pytest.fixture
def lookups(events):
    return MeasuredLookups(events)


@pytest.fixture
def sent(events, lookups):
    """Return a function that lets a user send until ten of its lookups are under way."""
    events.test_start.fire(environment=None)
    spawned = []

    def send(user, look_up):
        reached, asked = gevent.event.Event(), []

        def look_up_one(lookup):
            asked.append(lookup)
            if len(asked) == 10:
                reached.set()
            look_up(lookup)

        def until_stopped():
            with pytest.raises(StopUser):
                lookups.send(user, STREAM, look_up_one)

        spawned.append(gevent.spawn(until_stopped))
        assert reached.wait(5)
        return spawned[-1]

    yield send
    gevent.killall(spawned)


def test_stopping_a_run_waits_for_lookups_under_way_and_ends_the_users(events, lookups, sent):
    may_answer = gevent.event.Event()

    def look_up(lookup):
        may_answer.wait(5)
        lookup.end("hit")

    user = sent(Shopper(), look_up)
    assert lookups.tallies().in_flight >= 10
    gevent.spawn_later(0.01, may_answer.set)

    events.test_stopping.fire(environment=None)

    tallies = lookups.tallies()
    user.get(timeout=5)
    assert tallies.in_flight == 0
    assert tallies.results()["hit"] == tallies.arrivals >= 10
    assert tallies.failed == tallies.dropped == 0


def test_user_that_goes_takes_its_rate_with_it_and_leaves_its_counts(lookups, sent):
    first = sent(Shopper(), lambda lookup: lookup.end("miss"))
    sent(Shopper(), lambda lookup: lookup.end("hit"))
    assert lookups.target_rate() == 1000

    first.kill()

    assert lookups.target_rate() == 500
    assert lookups.tallies().results()["miss"] >= 10


def test_further_run_begins_at_zero(events, lookups, sent):
    sent(Shopper(), lambda lookup: lookup.end("hit"))
    events.test_stopping.fire(environment=None)

    events.test_start.fire(environment=None)

    assert lookups.tallies().arrivals == 0
    assert lookups.target_rate() == 0


def test_fast_http_user_has_no_more_under_way_than_connections(lookups, sent):
    user = Shopper()
    user.concurrency = 10
    never = gevent.event.Event()

    sent(user, lambda _lookup: never.wait(5))
    gevent.sleep(0.05)

    assert lookups.tallies().in_flight == 10
    assert lookups.tallies().queued > 0
    never.set()


def test_lookup_of_a_task_that_waits_for_its_answer_has_no_slip(events, lookups):
    events.test_start.fire(environment=None)

    lookups.look_up_now(Shopper(), 7).end("hit")

    tallies = lookups.tallies()
    assert tallies.results()["hit"] == 1
    assert tallies.slip.quantile(1.0) < 0.001


def test_worker_reports_what_its_master_adds_up(events, sent):
    sent(Shopper(), lambda lookup: lookup.end("hit"))
    report = {}

    events.report_to_master.fire(client_id="one", data=report)

    (told,) = report.values()
    assert told["rate"] == 500
    assert told["tallies"]["counters"]["arrivals"] >= 10


def test_second_one_is_refused_when_the_locustfile_is_read(events):
    MeasuredLookups(events)

    with pytest.raises(RuntimeError, match="make one MeasuredLookups for all User classes"):
        MeasuredLookups(events)


def test_rate_asks_for_lookups_also_while_none_can_be_sent(lookups, sent):
    user = Shopper()
    user.concurrency = 10
    never = gevent.event.Event()

    sent(user, lambda _lookup: never.wait(5))
    gevent.sleep(0.05)

    assert min(lookups.target_arrivals(), lookups.tallies().arrivals) >= 20
    never.set()
