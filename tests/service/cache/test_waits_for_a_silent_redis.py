"""Waits for a Redis that does not respond are bounded and end together."""

import socket
import threading
from types import SimpleNamespace

import pytest

from service.cache.single_server import SingleServer
from service.cache.wire import NoReplyError

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
