"""One call serves all concurrent callers of the same key."""

import threading
from concurrent.futures import ThreadPoolExecutor, as_completed

import pytest

from service.domain.cache import CacheUnavailableError
from service.domain.store import StoreUnavailableError
from service.guards.waiting_room import WaitingRoom
from service.pattern.single_flight import SingleFlight
from tests.service.fakes import FakeClock


@pytest.fixture
def clock():
    return FakeClock()


class CountingFlight(SingleFlight):
    """Counts its waiters, so that a leader can wait until all have arrived."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.joined = threading.Semaphore(0)

    def _follow(self, flight):
        self.joined.release()
        return super()._follow(flight)


@pytest.fixture
def flights(clock):
    return CountingFlight(WaitingRoom(64, 5.0), clock=clock)


def call_together(flights, threads, call):
    """Call from several threads at once; the leader's call waits until all others have joined."""

    def leader_call():
        for _ in range(threads - 1):
            assert flights.joined.acquire(timeout=10)
        return call()

    with ThreadPoolExecutor(threads) as pool:
        return [pool.submit(flights.run, "key", 1000.0, leader_call) for _ in range(threads)]


def test_ten_concurrent_callers_share_one_call_by_one_leader(flights):
    calls = []
    answers = [f.result() for f in call_together(flights, 10, lambda: calls.append(1) or "apple")]

    assert len(calls) == 1
    assert {"apple"} == {value for value, _ in answers}
    assert [led for _, led in answers if led] == [True]


def test_leader_does_not_count_as_a_waiter(flights):
    assert flights.run("key", 1000.0, lambda: "apple") == ("apple", True)


def test_failure_of_the_leader_reaches_all_waiters_but_not_the_next_caller(flights, clock):
    def fail():
        raise StoreUnavailableError("down")

    for answer in call_together(flights, 4, fail):
        with pytest.raises(StoreUnavailableError, match="down"):
            answer.result()
    clock.advance(0.1)
    assert flights.run("key", clock(), lambda: "apple") == ("apple", True)


def test_waiters_get_the_cache_error_of_their_leader(flights):
    def fail():
        raise CacheUnavailableError("gone")

    for answer in call_together(flights, 4, fail):
        with pytest.raises(CacheUnavailableError, match="gone"):
            answer.result()


def test_different_keys_do_not_share_a_call(flights):
    assert flights.run(("fruit", "gen1"), 0.0, lambda: 1) == (1, True)
    assert flights.run(("fruit", "gen2"), 0.0, lambda: 2) == (2, True)


def test_caller_that_missed_before_the_load_ended_does_not_load_again(flights, clock):
    """The load that it missed may end between the miss and this call."""
    missed_at = clock()
    clock.advance(0.01)
    flights.run("key", clock(), lambda: "apple")

    assert flights.run("key", missed_at, lambda: "again") == ("apple", False)


def test_caller_that_missed_after_the_load_ended_loads_again(flights, clock):
    flights.run("key", clock(), lambda: "apple")
    clock.advance(0.01)

    assert flights.run("key", clock(), lambda: "pear") == ("pear", True)


@pytest.mark.parametrize(("age_seconds", "led"), [(28.9, False), (29.1, True)])
def test_flight_that_a_write_may_have_overtaken_unnoticed_is_not_shared(clock, age_seconds, led):
    """The key may no longer reveal a write that came after such a flight started."""
    flights = SingleFlight(WaitingRoom(64, 5.0), clock=clock)
    before = clock()
    flights.run("key", before, lambda: clock.advance(age_seconds) or "old")

    assert flights.run("key", before, lambda: "new") == ("new" if led else "old", led)


def test_younger_flight_is_shared_instead_of_one_that_took_too_long(clock):
    flights = SingleFlight(WaitingRoom(64, 5.0), clock=clock)
    before = clock()

    def call():
        clock.advance(30)
        assert flights.run("key", before, lambda: "new") == ("new", True)
        return "old"

    assert flights.run("key", before, call) == ("old", True)
    assert flights.run("key", before, lambda: "newest") == ("new", False)


def test_ended_flights_are_forgotten_after_a_second(flights, clock):
    for number in range(100):
        flights.run(number, clock(), lambda: "apple")
        clock.advance(0.1)

    assert len(flights._flights) <= 12


def test_waiter_gives_up_on_a_leader_that_takes_too_long(clock):
    flights = SingleFlight(WaitingRoom(1, 0.01), clock=clock)
    leading, ending = threading.Event(), threading.Event()

    def call():
        leading.set()
        assert ending.wait(10)
        return "apple"

    with ThreadPoolExecutor(1) as pool:
        leader = pool.submit(flights.run, "key", clock(), call)
        assert leading.wait(10)
        with pytest.raises(StoreUnavailableError, match="too long"):
            flights.run("key", clock(), call)
        ending.set()
        assert leader.result() == ("apple", True)


def test_crowd_may_wait_for_a_young_flight_and_is_refused_when_it_takes_long(clock):
    flights = CountingFlight(WaitingRoom(1), clock=clock)
    ending = threading.Event()

    def call():
        assert flights.joined.acquire(timeout=10)
        assert flights.joined.acquire(timeout=10)
        clock.advance(0.6)
        with pytest.raises(StoreUnavailableError, match="too many"):
            flights.run("key", 1000.0, call)
        assert ending.wait(10)
        return "apple"

    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(flights.run, "key", 1000.0, call) for _ in range(3)]
        # A waiter without a seat waits only while the flight is young.
        standing = next(as_completed(futures, timeout=10))
        ending.set()
        with pytest.raises(StoreUnavailableError, match="too long"):
            standing.result()

    assert sorted(str(one.exception() or one.result()) for one in futures) == [
        "('apple', False)",
        "('apple', True)",
        "the load under way takes too long",
    ]


def test_ended_flight_is_remembered_when_another_ends_after_it(flights, clock):
    missed_at = clock()
    clock.advance(0.01)
    flights.run("key", clock(), lambda: "apple")
    clock.advance(0.01)
    flights.run("other", clock(), lambda: "pear")

    assert flights.run("key", missed_at, lambda: "again") == ("apple", False)
