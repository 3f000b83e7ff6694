"""What the near tier hears of a real Redis, and what it does when it hears nothing."""

import threading
import time

import pytest
import redis

from service.cache import near_listener
from service.cache.near_listener import NearListener
from service.cache.near_tier import NearTier
from service.cache.single_server import SingleServer
from service.domain.cache import CacheRead
from service.domain.knobs import Knobs
from tests.service.fakes import Breaker
from tests.service.parts import APPLE

pytestmark = [pytest.mark.integration, pytest.mark.contract]

KNOBS = Knobs(near_seconds=60.0)


def becomes_true(holds):
    """Return whether this holds within 10 s, as soon as it does."""
    ends = time.monotonic() + 10
    while not holds():
        if time.monotonic() >= ends:
            return False
        time.sleep(0.005)
    return True


class Listening:
    """A near tier whose listener runs on a real Redis."""

    def __init__(self, url):
        self.wanted = True
        self.tier = NearTier()
        self.listener = NearListener(
            SingleServer(url, 0.1, Breaker()).make, self.tier, lambda: self.wanted
        )
        self.listener.look()

    def keeps(self, fruit_id=1):
        """Keep an entry as a lookup does; return whether the tier took it."""
        mark, began = self.tier.mark(fruit_id), time.perf_counter()
        self.tier.keep(fruit_id, CacheRead(True, APPLE, 60_000), mark, began, KNOBS)
        return self.tier.find(fruit_id) is not None


@pytest.fixture
def url(redis_server):
    return redis_server.url.removesuffix("/0") + "/7"


@pytest.fixture
def server(url):
    with redis.Redis.from_url(url) as server:
        yield server
        server.flushdb()


@pytest.fixture
def listening(url):
    listening = Listening(url)
    assert becomes_true(listening.keeps)
    yield listening
    listening.listener.stop()
    listening.listener._thread.join(10)


@pytest.mark.parametrize("change", ["set", "delete", "flushdb"])
def test_change_by_another_client_ends_the_entry(listening, server, change):
    server.set("fruit:1", "old")
    assert becomes_true(listening.keeps)
    {
        "set": lambda: server.set("fruit:1", "new"),
        "delete": lambda: server.delete("fruit:1"),
        "flushdb": server.flushdb,
    }[change]()

    assert becomes_true(lambda: listening.tier.find(1) is None)


def test_change_of_another_key_leaves_the_entry(listening, server):
    for number in range(2, 200):
        server.set(f"fruit:{number}", "new")
    server.set("other", "new")
    server.set("fruit:1x", "new")
    server.set("fruit:3000000001", "new")
    time.sleep(0.3)

    assert listening.tier.find(1) is not None


@pytest.mark.parametrize("lost", ["subscriber", "tracker"])
def test_killed_connection_empties_the_tier_until_redis_reports_again(listening, server, lost):
    clients = server.client_list()
    (found,) = [
        client["id"]
        for client in clients
        if (client["sub"] == "1" if lost == "subscriber" else "t" in client["flags"])
    ]
    server.client_kill_filter(_id=found)
    assert becomes_true(lambda: listening.tier.find(1) is None)

    assert becomes_true(listening.keeps)
    server.set("fruit:1", "new")
    assert becomes_true(lambda: listening.tier.find(1) is None)


def test_silent_redis_ends_every_entry_within_half_a_second(listening, server):
    began = time.monotonic()
    server.execute_command("CLIENT", "PAUSE", 1500, "ALL")
    assert becomes_true(lambda: listening.tier.find(1) is None)
    ended = time.monotonic()

    # What another process writes meanwhile is seen at the latest when trust ends.
    assert ended - began < near_listener.TRUSTED_SECONDS + 1.0
    assert becomes_true(listening.keeps)


def test_tier_that_is_not_wanted_any_more_is_empty_and_closes_its_connections(listening, server):
    listening.wanted = False
    listening.listener._thread.join(10)

    assert not listening.listener._thread.is_alive()
    assert listening.tier.find(1) is None
    assert becomes_true(lambda: not any(client["sub"] == "1" for client in server.client_list()))


def test_listener_without_a_thread_left_says_so_once_and_starts_later(url, monkeypatch, caplog):
    def no_thread_left(_self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_thread_left)
    listening = Listening(url)
    listening.listener.look()

    assert "not in use: no thread can be started" in listening.listener.state
    assert [record.getMessage() for record in caplog.records] == [
        "no thread can be started for the near tier yet: can't start new thread"
    ]
    monkeypatch.undo()
    listening.listener.look()
    assert becomes_true(listening.keeps)
    listening.listener.stop()
    listening.listener._thread.join(10)
