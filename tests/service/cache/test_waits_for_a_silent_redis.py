"""Waits for a Redis that does not respond are bounded and end together."""

import socket
import threading
from types import SimpleNamespace

import pytest

from service.cache.redis_cache import RedisCache
from service.cache.redis_calls import RedisCalls
from service.cache.single_server import SingleServer
from service.cache.wire import NoReplyError
from service.domain.cache import CacheUnavailableError
from tests.service.fakes import Breaker, RecordingObserver

LONG_SECONDS = 60.0


@pytest.fixture
def silent_url():
    """A server that accepts every connection and never sends a byte."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def ask(connections, failures, key):
    try:
        connections.exchange(key, [("GET", key)], None)
    except NoReplyError as error:
        failures.append(str(error))


def test_all_waiters_stop_waiting_once_redis_is_found_not_to_respond(silent_url):
    looked = set()

    class Opening:
        @property
        def is_open(self):
            # True from the second look of a thread on, once every thread has looked.
            waits = threading.get_ident() in looked
            looked.add(threading.get_ident())
            return waits and len(looked) == len(waiting)

    connections = SingleServer(silent_url, 0.1, Opening())
    connections._patience = SimpleNamespace(seconds=lambda: LONG_SECONDS, record=lambda _: None)
    failures = []
    waiting = [
        threading.Thread(target=ask, args=(connections, failures, f"fruit:{number}"))
        for number in range(10)
    ]
    for thread in waiting:
        thread.start()

    for thread in waiting:
        thread.join(LONG_SECONDS / 2)

    assert len(failures) == len(waiting)
    connections.close()


def test_probe_of_an_unresponsive_redis_waits_for_its_full_time(silent_url):
    waits = []
    connections = SingleServer(silent_url, 0.1, SimpleNamespace(is_open=True))
    connections._patience = SimpleNamespace(seconds=lambda: 0.05, record=waits.append)

    ask(connections, [], "fruit:1")

    assert waits[0] >= 0.05
    connections.close()


def test_failed_probe_closes_the_idle_connections_which_may_be_silent_too(silent_url):
    connections = SingleServer(silent_url, 0.02, SimpleNamespace(is_open=True))
    connections.open(3)
    idle = list(connections._idle)
    with pytest.raises(NoReplyError):
        connections.exchange("", [("PING",)], None, patient=True)

    assert [connection._made.is_connected for connection in idle] == [False] * 3
    connections.close()


def test_invalidation_without_a_reply_keeps_no_connection(silent_url):
    """Its reply counts no key, so that nobody needs to wait for it."""
    breaker = Breaker()
    connections = SingleServer(silent_url, 0.02, breaker)
    cache = RedisCache(RedisCalls(connections, breaker, RecordingObserver()), RecordingObserver())
    with pytest.raises(CacheUnavailableError):
        cache.invalidate(1)

    assert connections._late._due.empty()
    assert not connections._late._started
    connections.close()
