"""Failing connections to Redis, tested with a server that sends a few fixed bytes."""

import socket
import threading
from contextlib import suppress

import pytest

from service.cache import single_server
from service.cache.servers import connect
from service.cache.wire import NoReplyError
from service.settings import Settings
from tests.service.fakes import Breaker
from tests.serving import connections_to


class FixedReplyServer:
    """A server that answers everything with the same bytes."""

    def __init__(self, reply):
        self._reply = reply
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        for client in connections_to(self._listener):
            threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, client):
        with client:
            while client.recv(65_536):
                client.sendall(self._reply)

    def close(self):
        self._listener.close()


@pytest.fixture
def out_of_range():
    server = FixedReplyServer(b"-ERR DB index is out of range\r\n")
    yield server
    server.close()


@pytest.mark.parametrize("scheme", ["redis", "redis+cluster"])
def test_refused_handshake_counts_as_no_reply(out_of_range, scheme):
    path = "" if scheme.endswith("cluster") else "/99"
    connections = connect(f"{scheme}://{out_of_range.address}{path}", 0.1, Breaker())
    with pytest.raises(NoReplyError):
        connections.exchange("", [("PING",)], None, patient=False)
    connections.close()


def test_bytes_outside_the_redis_protocol_count_as_no_reply():
    server = FixedReplyServer(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    connections = connect(f"redis://{server.address}/0", 0.1, Breaker())
    with pytest.raises(NoReplyError):
        connections.exchange("", [("PING",)], None, patient=False)
    connections.close()
    server.close()


def test_more_threads_than_the_default_pool_of_redis_py_all_get_connections(monkeypatch):
    # However busy the machine is, all are opened at the start.
    monkeypatch.setattr(single_server, "OPENING_SECONDS", 30.0)
    server = FixedReplyServer(b"")
    connections = connect(f"redis://{server.address}/0", 0.1, Breaker())
    connections.open(150)
    taken = [connections._take(once_only=False) for _ in range(151)]

    assert len({connection for connection, _ in taken}) == 151
    assert [is_new for _, is_new in taken] == [False] * 150 + [True]
    for connection, _ in taken:
        connection.close()
    server.close()


def test_connections_of_a_burst_are_closed_after_it_but_for_as_many_as_were_opened():
    server = FixedReplyServer(b"+PONG\r\n")
    connections = connect(f"redis://{server.address}/0", 5.0, Breaker())
    connections.open(2)
    in_use = [connections._take(once_only=False)[0] for _ in range(5)]
    for connection in in_use:
        connections._ask(connection, [("PING",)], None, patient=True)

    assert len(connections._idle) == 2
    assert [connection._socket.fileno() >= 0 for connection in in_use] == [True] * 2 + [False] * 3
    connections.close()
    server.close()


def test_lookups_and_writes_succeed_when_redis_refuses_the_handshake(build, out_of_range, tmp_path):
    settings = Settings(
        redis_url=f"redis://{out_of_range.address}/99",
        database_url=f"sqlite:///{tmp_path}/fruit.db",
    )
    client = build(settings).test_client()
    read, ready = client.get("/fruit/1"), client.get("/readyz")
    written = client.put("/fruit/1", json={"name": "pear", "quantity": 5})

    assert (read.status_code, read.headers["X-Cache"]) == (200, "BYPASS")
    assert ready.status_code == 503
    assert written.status_code == 200
    assert written.headers["Cache-Status"].endswith("detail=invalidation-pending")


@pytest.mark.parametrize(
    "refusal",
    [
        b"-READONLY You can't write against a read only replica.\r\n",
        b"-ERR Error running script: @user_script:9: -READONLY You can't write\r\n",
        b"-MOVED 3999 127.0.0.1:6381\r\n",
        b"-LOADING Redis is loading the dataset in memory\r\n",
        b"-MASTERDOWN Link with MASTER is down\r\n",
    ],
)
def test_refusal_of_a_server_that_is_not_the_primary_drops_its_connections(refusal):
    server = FixedReplyServer(refusal)
    connections = connect(f"redis://{server.address}/0", 0.1, Breaker())
    connections.open(2)
    idle, used = connections._idle
    with pytest.raises(NoReplyError):
        connections.exchange("", [("GET", "fruit:1")], None, patient=False)

    assert [used._made.is_connected, idle._made.is_connected] == [False, False]
    assert not connections._idle
    connections.close()
    server.close()


@pytest.fixture
def late_redis():
    """A server that answers its first PING when it may, and everything else at once."""
    listener = socket.create_server(("127.0.0.1", 0))
    may_answer, has_answered = threading.Event(), threading.Event()

    def talk(connection):
        with connection, suppress(OSError):
            while data := connection.recv(4096):
                if b"PING" in data:
                    may_answer.wait(10.0)
                    connection.sendall(b"+PONG\r\n")
                    has_answered.set()
                elif b"GET" in data:
                    connection.sendall(b"$2\r\nok\r\n")
                else:
                    connection.sendall(b"+OK\r\n" * data.count(b"*"))

    def serve():
        for connection in connections_to(listener):
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0", may_answer, has_answered
    listener.close()


def test_reply_that_came_too_late_is_not_the_next_callers(late_redis):
    url, may_answer, has_answered = late_redis
    connections = connect(url, 0.1, Breaker())
    with pytest.raises(NoReplyError):
        connections.exchange("", [("PING",)], None, patient=True)
    may_answer.set()
    assert has_answered.wait(10.0)

    assert connections.exchange("k", [("GET", "k")], None, patient=True) == [b"ok"]
    connections.close()
