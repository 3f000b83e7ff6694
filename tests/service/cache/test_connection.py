"""Connections are kept, replaced when the server closed them, and never used with a reply due."""

import socket
import threading
import time
from contextlib import suppress
from types import SimpleNamespace

import pytest

from service.cache import single_server
from service.cache.connection import Connection
from service.cache.single_server import YOUNG_SECONDS, SingleServer
from service.cache.wire import NoReplyError
from tests.service.fakes import Breaker, FakeClock
from tests.serving import connections_to

GET = [("GET", "fruit:1")]
SCRIPT = [("EVALSHA", "digest", 0)]


class NumberingServer:
    """Answers every command with the number of its connection, counted from 1, and its turn."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        self.clients = []
        self.received = []
        self.delays = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        for client in connections_to(self._listener):
            self.clients.append(client)
            threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, client):
        number = self.clients.index(client) + 1
        with client:
            try:
                while received := client.recv(65_536):
                    self.received.append(received)
                    turn = len(self.received)
                    time.sleep(self.delays.pop(0) if self.delays else 0)
                    client.sendall(f":{number * 100 + turn}\r\n".encode())
            except OSError:
                return

    def close_clients(self):
        """Close every connection, as a Redis that restarts does."""
        for client in self.clients:
            with suppress(OSError):  # It is closed already.
                client.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._listener.close()
        self.close_clients()


@pytest.fixture
def server():
    server = NumberingServer()
    yield server
    server.close()


@pytest.fixture
def connections(server):
    connections = SingleServer(server.url, 0.1, Breaker())
    yield connections
    connections.close()


def test_connection_is_kept_for_the_next_exchange(connections):
    replies = [connections.exchange("", GET, None) for _ in range(3)]

    assert replies == [[101], [102], [103]]


@pytest.mark.parametrize("commands", [GET, SCRIPT], ids=["read", "script"])
def test_closed_idle_connection_is_replaced_and_the_command_is_sent_once(
    server, connections, commands
):
    connections.open(2)
    connections.exchange("", GET, None)
    connections._idle[-1].answered_at -= YOUNG_SECONDS
    server.close_clients()

    assert connections.exchange("", commands, None) == [302]
    assert len(server.received) == 2


def test_connection_of_an_answer_a_moment_ago_is_not_looked_at_before_a_script(
    connections, monkeypatch
):
    looks = []
    monkeypatch.setattr(Connection, "is_unusable", lambda _: bool(looks.append("looked")))
    connections.exchange("", GET, None)
    connections.exchange("", SCRIPT, None)
    young = list(looks)
    connections._idle[-1].answered_at -= YOUNG_SECONDS
    connections.exchange("", SCRIPT, None)

    assert (young, looks) == ([], ["looked"])


def test_script_is_not_sent_again_when_its_connection_closes_during_the_exchange(
    server, connections
):
    server.delays = [0, 0.02]
    connections.exchange("", GET, None)
    timer = threading.Timer(0.01, server.close_clients)
    timer.start()
    with pytest.raises(NoReplyError, match="closed"):
        connections.exchange("", SCRIPT, None)
    timer.join()

    assert len(server.received) == 2


def test_reply_that_came_too_late_is_never_the_reply_to_another_command(server):
    late, come = [], threading.Event()

    def receive(replies):
        late.append(replies)
        come.set()

    connections = SingleServer(server.url, 0.02, Breaker())
    server.delays = [0.2]
    with pytest.raises(NoReplyError):
        connections.exchange("", GET, receive)
    replies = [connections.exchange("", GET, None) for _ in range(5)]

    assert come.wait(5)
    assert late == [[101]]
    assert [reply[0] // 100 for reply in replies] == [2] * 5
    connections.close()


def test_connection_in_use_at_the_close_is_closed_after_its_exchange(server, connections):
    server.delays = [0.05]
    threading.Timer(0.01, connections.close).start()
    connections.exchange("", GET, None, patient=True)

    assert not connections._idle


class LookedAt:
    """A connection whose reply comes at the given look; each look takes so long."""

    def __init__(self, clock, comes_at, seconds):
        self._clock, self._comes_at, self._seconds = clock, comes_at, seconds
        self.looks = 0

    def receive_within(self, seconds):
        self._clock.advance(max(seconds, self._seconds))
        self.looks += 1
        return self.looks == self._comes_at


@pytest.fixture
def wait(monkeypatch, connections):
    """Waits for a reply that comes at some look, on a clock that only the looks move."""
    clock = FakeClock()
    monkeypatch.setattr(single_server, "time", SimpleNamespace(monotonic=clock))
    connections._patience = SimpleNamespace(seconds=lambda: 0.02)

    def wait(comes_at, seconds):
        looked_at = LookedAt(clock, comes_at, seconds)
        connections._wait(looked_at, None, clock(), patient=False)
        return looked_at.looks

    return wait


def test_silent_redis_is_given_up_after_four_looks_of_5_ms(wait):
    assert wait(4, 0.005) == 4
    with pytest.raises(single_server.SilentError):
        wait(5, 0.005)


def test_pause_of_this_process_is_not_taken_for_a_silent_redis(wait):
    assert wait(20, 0.05) == 20


def test_pauses_excuse_redis_for_a_second_and_no_longer(wait):
    with pytest.raises(single_server.SilentError):
        wait(40, 0.05)
