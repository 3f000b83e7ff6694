"""Answers as servers send them, over connections that are kept or closed."""

import socket
import threading
from contextlib import contextmanager

import pytest
from geventhttpclient.response import HTTPConnectionClosed

from loadtests.sender import replica as module
from loadtests.sender.kept_connections import KeptConnections
from loadtests.sender.replica import Replica, Reply

PLAIN = b"HTTP/1.1 200 OK\r\nX-Cache: HIT\r\nContent-Length: 2\r\n\r\n{}"
HIT = b"HTTP/1.1 200 OK\r\nx-cache: hit\r\n"
CLOSE = object()


@contextmanager
def server(*connections):
    """Serve connections in order: for each request the parts of its answer, sent one by one.

    Yields:
        The base URL, and the requests so far.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    requests = []

    def serve():
        for answers in connections:
            connection, _ = listener.accept()
            with connection:
                for answer in answers:
                    if answer is CLOSE:
                        break
                    requests.append(connection.recv(65_536).decode())
                    for part in answer if isinstance(answer, tuple) else (answer,):
                        connection.sendall(part)
                        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                else:
                    connection.recv(1)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    port = listener.getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/base/", requests
    finally:
        listener.close()


@pytest.fixture
def replica_of():
    made = []

    def make(url):
        made.append(Replica(url, 4, 5.0))
        return made[-1]

    yield make
    for replica in made:
        replica.close()


def test_answers_come_over_one_connection(replica_of):
    with server([PLAIN, PLAIN]) as (url, requests):
        replica = replica_of(url)
        found = [replica.get("/fruit/1"), replica.get("/fruit/2")]

    assert found == [Reply(200, b"HIT", b"{}")] * 2
    port = url.split(":")[2].split("/")[0]
    assert requests[1] == (
        f"GET /base/fruit/2 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: cacheaside\r\n\r\n"
    )


def test_put_has_its_body_and_headers(replica_of):
    with server([b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n"]) as (url, requests):
        reply = replica_of(url).put("/fruit/1", '{"é": 1}', "Authorization: Bearer t\r\n")

    assert reply == Reply(201, b"", b"")
    head, _, body = requests[0].partition("\r\n\r\n")
    assert head.endswith("\r\nAuthorization: Bearer t\r\nContent-Length: 9")
    assert body == '{"é": 1}'


@pytest.mark.parametrize(
    "parts",
    [
        (PLAIN[:20], PLAIN[20:-1], PLAIN[-1:]),
        (HIT + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",),
        (HIT + b"content-length:2\r\nConnection: keep-alive\r\n\r\n{}",),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN,),
    ],
    ids=["in parts", "chunked", "keep-alive", "interim"],
)
def test_unusual_answer_is_read_too_and_its_connection_kept(replica_of, parts):
    with server([parts, PLAIN]) as (url, requests):
        replica = replica_of(url)

        assert replica.get("/fruit/1") == Reply(200, b"HIT", b"{}")
        assert replica.get("/fruit/2").body == b"{}"
    assert len(requests) == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nX-Cache: HIT\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\nX-Cache: HIT\r\nContent-Length: 2\r\n\r\n{}",
    ],
    ids=["close", "1.0"],
)
def test_connection_that_the_server_ends_is_not_used_again(replica_of, answer):
    with server([answer, CLOSE], [PLAIN]) as (url, _):
        replica = replica_of(url)

        assert [replica.get("/fruit/1").body, replica.get("/fruit/2").body] == [b"{}"] * 2


@pytest.mark.parametrize("checked_after", [0.0, 60.0], ids=["idle for long", "just used"])
def test_request_on_a_kept_connection_that_was_closed_is_sent_again(
    replica_of, monkeypatch, checked_after
):
    monkeypatch.setattr(module, "CHECKED_AFTER_SECONDS", checked_after)
    with server([PLAIN, CLOSE], [PLAIN]) as (url, requests):
        replica = replica_of(url)
        replica.get("/fruit/1")

        assert replica.get("/fruit/2") == Reply(200, b"HIT", b"{}")
    assert requests[-1].startswith("GET /base/fruit/2 ")


def test_connection_that_closes_without_an_answer_fails(replica_of):
    with server([CLOSE]) as (url, _), pytest.raises((HTTPConnectionClosed, OSError)):
        replica_of(url).get("/fruit/1")


def test_server_that_is_away_refuses(replica_of):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    with pytest.raises(OSError, match="refused"):
        replica_of(url).get("/fruit/1")


@pytest.mark.parametrize(
    ("url", "host"),
    [("http://[::1]:8000", "[::1]:8000"), ("https://fruit.example", "fruit.example")],
)
def test_ipv6_address_and_usual_port_are_named_as_http_wants(url, host):
    assert KeptConnections(url, 4, 5.0, checked_after=1.0).host == host
