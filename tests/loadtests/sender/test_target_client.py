"""Answers of a target that is not ours in style, and what becomes of odd ones."""

import re
import threading
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer

import gevent
import pytest

from loadtests.sender import target_client as module
from loadtests.sender.samples import RESULTS
from tests.loadtests.sender.answering import HIT, PLAIN, answering
from tests.serving import serving

TOO_LATE = "no whole answer within 0.4 seconds|timed out"
CHUNKED = HIT + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"


def result(answer):
    return RESULTS[answer.result]


@pytest.mark.parametrize(
    "answer",
    [
        PLAIN,
        CHUNKED + b"0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN,
        b"HTTP/1.1 204 No Content\r\nX-Cache: HIT\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nX-Cache: HIT\r\nContent-Length: 70\r\n\r\n",
        HIT + b"X-Long: " + b"a" * 300_000 + b"\r\nContent-Length: 2\r\n\r\n{}",
    ],
    ids=["plain", "chunked", "interim", "no content", "not modified", "long header"],
)
def test_answers_of_all_kinds_come_over_one_connection(client_of, answer):
    with answering(answer) as server:
        client = client_of(server)
        found = [client.look_up(number) for number in (1, 2, 3)]

    assert [result(each) for each in found] == ["hit"] * 3
    assert [request.split()[1] for request in server.requests] == ["/p/1", "/p/2", "/p/3"]


@pytest.mark.parametrize(
    "answer",
    [HIT + b"\r\nhello", b"HTTP/1.0 200 OK\r\nX-Cache: HIT\r\n\r\nhello", PLAIN],
    ids=["no length", "1.0", "closes unsaid"],
)
def test_service_that_closes_after_each_answer_is_asked_once_for_each_lookup(client_of, answer):
    with answering(answer, goes_on=False) as server:
        client = client_of(server)
        found = [client.look_up(1)]
        assert server.closed.acquire(timeout=10)
        found += [client.look_up(number) for number in range(2, 20)]  # At once.

    assert [result(each) for each in found] == ["hit"] * 19
    assert len(server.requests) == 19


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "connection closed"),
        (b"\x00\x01 what\r\n\r\n", "the answer is not HTTP: Expected HTTP/"),
        (HIT + b"Content-Length: 100\r\n\r\nhello", "Incomplete response"),
        (CHUNKED, "Incomplete response"),
        (b"HTTP/1.1 200 OK\r\nX-Ca", "the answer is not HTTP: Invalid EOF"),
    ],
    ids=["nothing", "garbage", "cut body", "cut chunks", "cut header"],
)
def test_service_that_does_not_answer_is_asked_once_and_the_lookup_fails(client_of, answer, why):
    with answering(answer, goes_on=False) as server:
        client = client_of(server)
        found = [client.look_up(number) for number in (1, 2, 3)]

    assert [result(each) for each in found] == ["failed"] * 3
    assert why in str(found[0].failure)
    assert len(server.requests) == 3


def test_service_that_once_kept_a_connection_is_believed_to_keep_the_next(client_of):
    last = iter((True, True, False, True, True))
    with answering(PLAIN, goes_on=lambda _: next(last)) as server:
        client = client_of(server)
        found = [client.look_up(number) for number in (1, 2, 3)]
        assert server.closed.acquire(timeout=10)
        found += [client.look_up(number) for number in (4, 5)]
        assert not server.closed.acquire(blocking=False)

    assert [result(each) for each in found] == ["hit"] * 5


def test_lookup_whose_kept_connection_closes_without_an_answer_fails_and_is_not_sent_again(
    client_of,
):
    answers = iter((PLAIN, b""))
    with answering(lambda _: next(answers), goes_on=lambda answer: answer) as server:
        client = client_of(server)
        found = [client.look_up(number) for number in (1, 2)]

    assert [result(each) for each in found] == ["hit", "failed"]
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [301, 404, 429, 500, 503])
def test_other_status_is_an_error_that_is_named(client_of, status):
    with answering(
        f"HTTP/1.1 {status} X\r\nX-Cache: HIT\r\nContent-Length: 0\r\n\r\n".encode()
    ) as s:
        found = client_of(s).look_up(1)

    assert result(found) == "error"
    assert f"status {status}" in str(found.failure)


def test_status_that_has_a_result_is_an_answer(client_of):
    with answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") as server:
        found = client_of(server, result="status: 200=hit, 404=negative").look_up(1)

    assert (result(found), found.failure) == ("negative", None)


@contextmanager
def endless_server(begin, piece, pause_seconds):
    class Endless(BaseRequestHandler):
        def handle(self):
            with suppress(OSError):
                self.request.recv(65_536)
                self.request.sendall(begin + piece)
                while not ended.wait(pause_seconds):
                    self.request.sendall(piece)

    ended = threading.Event()
    with serving(ThreadingTCPServer(("127.0.0.1", 0), Endless)) as server:
        server.port = server.server_address[1]
        yield server
        ended.set()


@pytest.mark.parametrize(
    ("begin", "piece", "pause_seconds", "why"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X-A: " + b"y" * 60_000 + b"\r\n", 0.0, "1000000 bytes of head"),
        (HIT + b"X-Long: ", b"y" * 60_000, 0.0, "1000000 bytes of headers"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2000, 0.0, "1000000 bytes of headers"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05, TOO_LATE),
        (HIT + b"\r\n", b"a" * 65_536, 0.0, TOO_LATE),
        (HIT + b"\r\n", b"a", 0.05, TOO_LATE),
        (HIT + b"Content-Length: 9\r\n\r\n", b"a", 60.0, TOO_LATE),
    ],
    ids=["headers", "header", "interim", "slow interim", "body", "slow body", "half a body"],
)
def test_answer_without_an_end_fails_in_time_and_lets_other_lookups_run(
    client_of, monkeypatch, begin, piece, pause_seconds, why
):
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.4)
    with endless_server(begin, piece, pause_seconds) as server, answering(PLAIN) as quick:
        lookups = [gevent.spawn(client_of(server).look_up, 1)]
        lookups.append(gevent.spawn(client_of(quick).look_up, 1))
        gevent.joinall(lookups, timeout=10)

    assert [result(each.value) for each in lookups] == ["failed", "hit"]
    assert re.search(why, str(lookups[0].value.failure))


def test_long_body_is_read_and_not_kept(client_of, monkeypatch):
    monkeypatch.setattr(module, "MOST_KEPT_BYTES", 100_000)
    length = 1_000_000
    with answering(HIT + b"Content-Length: %d\r\n\r\n" % length + b"a" * length) as server:
        client = client_of(server)
        found = [client.look_up(number) for number in (1, 2)]

    assert [(result(each), each.body, each.size) for each in found] == [("hit", b"", length)] * 2


def test_json_that_is_too_deep_or_too_long_tells_nothing(client_of, monkeypatch):
    deep = b"[" * 100_000
    with answering(HIT + b"Content-Length: %d\r\n\r\n" % len(deep) + deep) as server:
        assert result(client_of(server, result="json cached").look_up(1)) == "unknown"
    monkeypatch.setattr(module, "MOST_KEPT_BYTES", 10)
    with answering(HIT + b'Content-Length: 16\r\n\r\n{"cached": true}') as server:
        assert result(client_of(server, result="json cached").look_up(1)) == "unknown"
