"""Which connections are closed because a body does not come on them."""

import socket
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from service.web import held_bodies
from service.web.held_bodies import OWN_SOCKETS, HeldBodies
from tests.service.fakes import FakeClock

pytestmark = pytest.mark.skipif(not Path(OWN_SOCKETS).is_dir(), reason="needs Linux")

HERE = "127.0.0.1"


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def listener():
    with socket.create_server((HERE, 0)) as listener:
        yield listener


@pytest.fixture
def bodies(listener, clock, monkeypatch):
    monkeypatch.setattr(HeldBodies, "_watch", lambda _self: None)
    return HeldBodies(listener.getsockname()[1], seconds=0, clock=clock)


@pytest.fixture
def connect(listener):
    """Makes connections, each with what its client sent and was answered."""
    with ExitStack() as stack:

        def make(sent=b"", answer=b""):
            client = stack.enter_context(socket.create_connection(listener.getsockname()))
            server = stack.enter_context(listener.accept()[0])
            client.sendall(sent)
            if sent:
                server.recv(1)
            server.sendall(answer)
            return client, server

        yield make


def is_closed(connection):
    client, _ = connection
    client.setblocking(False)
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False


def test_connection_whose_body_is_overdue_is_closed_and_no_other(bodies, clock, connect):
    held, idle, silent = connect(b"PUT"), connect(b"GET", b"200"), connect()
    idle[0].recv(3)
    with bodies.awaited(HERE):
        clock.advance(1)
        bodies.close_overdue()

    assert is_closed(held)
    assert not is_closed(idle)
    assert not is_closed(silent)


def test_body_that_is_not_overdue_is_awaited(listener, clock, connect):
    bodies = HeldBodies(listener.getsockname()[1], seconds=10, clock=clock)
    held = connect(b"PUT")
    with bodies.awaited(HERE):
        clock.advance(9)
        bodies.close_overdue()

    assert not is_closed(held)


def test_no_connection_is_closed_when_it_is_not_known_which(bodies, clock, connect):
    """One of the two may be that of a long fill, whose body came long ago."""
    connections = connect(b"PUT"), connect(b"PUT")
    with bodies.awaited(HERE):
        clock.advance(1)
        bodies.close_overdue()

    assert [is_closed(one) for one in connections] == [False, False]


def test_connections_of_other_clients_stay(bodies, clock, connect):
    held = connect(b"PUT")
    with bodies.awaited("192.0.2.1"):
        clock.advance(1)
        bodies.close_overdue()

    assert not is_closed(held)


def test_client_is_known_by_either_form_of_its_address(bodies, clock, connect):
    held = connect(b"PUT")
    with bodies.awaited(f"::ffff:{HERE}"):
        clock.advance(1)
        bodies.close_overdue()

    assert is_closed(held)


def test_nobody_looks_while_no_body_is_awaited(listener, monkeypatch):
    monkeypatch.setattr(held_bodies, "LOOK_SECONDS", 0.001)
    bodies = HeldBodies(listener.getsockname()[1])
    before = set(threading.enumerate())
    for _ in range(2):
        with bodies.awaited(HERE):
            (watch,) = set(threading.enumerate()) - before
        watch.join(10)

        assert not watch.is_alive()


def test_search_leaves_no_descriptor_open(bodies, clock, connect):
    connections = connect(b"PUT"), connect(b"GET", b"200")
    before = len(list(Path(OWN_SOCKETS).iterdir()))
    with bodies.awaited(HERE):
        clock.advance(1)
        bodies.close_overdue()

    assert len(list(Path(OWN_SOCKETS).iterdir())) == before
    assert len(connections) == 2
