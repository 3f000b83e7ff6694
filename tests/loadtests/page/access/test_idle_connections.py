"""Connections to Locust's page on which nothing comes, and those on which requests come."""

import subprocess
import sys
from contextlib import ExitStack, suppress

import gevent
import locust.web
import pytest
from flask import request
from gevent import socket, ssl
from locust.env import Environment

from loadtests.page.access import idle_connections
from loadtests.page.access.idle_connections import close_idle_connections

REQUEST = b"GET /stats/requests HTTP/1.1\r\nHost: localhost\r\n\r\n"
FORM = b"POST /form HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
LARGE = b"x" * 20_000_000


@pytest.fixture
def start(monkeypatch):
    """Return a function that starts Locust's own page with short deadlines; it returns the port."""
    for name in ("HEAD_SECONDS", "BODY_SECONDS", "TAKING_SECONDS"):
        monkeypatch.setattr(idle_connections, name, 0.15)
    monkeypatch.setattr(sys, "argv", ["locust"])  # Locust reads it when it makes its page.
    monkeypatch.setattr(locust.web.pywsgi, "WSGIServer", idle_connections._Server.__base__)
    close_idle_connections()
    pages = []

    def start(**files):
        environment = Environment()
        environment.create_local_runner()
        page = environment.create_web_ui("127.0.0.1", 0, delayed_start=True, **files)
        page.app.add_url_rule("/slow", "slow", lambda: gevent.sleep(0.4) or "at last")
        page.app.add_url_rule("/large", "large", lambda: LARGE)
        page.app.add_url_rule("/form", "form", read_form, methods=["POST"])
        page.app.add_url_rule("/refused", "refused", lambda: "no", methods=["POST"])
        page.start()
        pages.append((page, environment.runner))
        while not (page.server and page.server.started):
            gevent.sleep(0.001)
        return page.server.server_port

    yield start
    for page, runner in pages:
        page.stop()
        runner.quit()


def read_form():
    return f"got {request.get_data(as_text=True)}"


@pytest.fixture
def connect(start):
    """Return a function that opens connections to the page."""
    port = start()
    with ExitStack() as stack:
        yield lambda: stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))


def ask(connection, path=b"/stats/requests"):
    connection.sendall(REQUEST.replace(b"/stats/requests", path))
    return answer(connection)


def send_slowly(connection):
    with suppress(OSError):
        for byte in REQUEST:
            connection.sendall(bytes([byte]))
            gevent.sleep(0.02)


def answer(connection):
    """Return the status and the body of one answer."""
    with connection.makefile("rb") as file:
        status, *head = iter(file.readline, b"\r\n")
        length = next(int(line.split()[1]) for line in head if line.startswith(b"Content-Length"))
        return int(status.split()[1]), file.read(length)


def is_closed(connection):
    """Return whether the page closes this connection within five seconds, without a word."""
    with suppress(ConnectionResetError):
        return connection.recv(1) == b""
    return True


@pytest.mark.parametrize(
    "begun", [b"", b"GET /stats", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: local"]
)
def test_connections_without_a_whole_head_are_closed(connect, begun, capsys):
    connections = [connect() for _ in range(20)]
    for connection in connections:
        connection.sendall(begun)

    assert all(is_closed(connection) for connection in connections)
    assert not capsys.readouterr().err


def test_head_that_comes_byte_by_byte_has_no_more_time(connect):
    connection = connect()
    sending = gevent.spawn(send_slowly, connection)

    assert is_closed(connection)
    sending.kill()


def test_connection_answers_requests_and_is_closed_once_no_more_come(connect):
    connection = connect()
    for _ in range(3):
        assert ask(connection)[0] == 200
        gevent.sleep(0.08)

    assert is_closed(connection)


def test_answer_may_take_longer_than_a_head(connect):
    assert ask(connect(), b"/slow") == (200, b"at last")


@pytest.mark.parametrize("length", [b"Content-Length: 20", b"Transfer-Encoding: chunked"])
def test_body_that_does_not_come_is_a_bad_request_and_closes(connect, length, capsys):
    connection = connect()
    connection.sendall(FORM + length + b"\r\n\r\n1")

    assert answer(connection)[0] == 400
    assert is_closed(connection)
    assert not capsys.readouterr().err


def test_body_that_nobody_reads_is_not_waited_for(connect, capsys):
    connection = connect()
    connection.sendall(FORM.replace(b"/form", b"/refused") + b"Content-Length: 20\r\n\r\n1")

    assert answer(connection) == (200, b"no")
    assert is_closed(connection)
    assert not capsys.readouterr().err


def test_bodies_that_come_are_read_and_their_connection_goes_on(connect):
    connection = connect()
    connection.sendall(FORM + b"Content-Length: 5\r\n\r\n")
    gevent.sleep(0.05)
    connection.sendall(b"apple")
    assert answer(connection) == (200, b"got apple")

    connection.sendall(FORM + b"Transfer-Encoding: chunked\r\n\r\n4\r\npear\r\n0\r\n\r\n")
    assert answer(connection) == (200, b"got pear")
    assert ask(connection)[0] == 200


def test_answer_that_is_not_taken_is_given_up(connect, capsys):
    connection = connect()
    connection.sendall(REQUEST.replace(b"/stats/requests", b"/large"))
    gevent.sleep(0.4)
    taken = 0
    while more := connection.recv(1_000_000):
        taken += len(more)

    assert taken < len(LARGE)
    assert not capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:ssl.PROTOCOL_TLS is deprecated")  # Locust's own choice.
def test_handshake_that_does_not_come_closes(start, tmp_path, capsys):
    key, certificate = str(tmp_path / "key.pem"), str(tmp_path / "cert.pem")
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=nobody"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    port = start(tls_cert=certificate, tls_key=key)

    with socket.create_connection(("127.0.0.1", port), timeout=5) as silent:
        assert is_closed(silent)
    unverified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as plain,
        unverified.wrap_socket(plain) as connection,
    ):
        assert ask(connection)[0] == 200
        assert is_closed(connection)
    assert not capsys.readouterr().err
