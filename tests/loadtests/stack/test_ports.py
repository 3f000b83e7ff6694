"""Choosing free ports and refusing taken ones."""

import socket

import pytest

from loadtests.stack import ports
from loadtests.stack.guardian import StackError


def test_free_port_lies_below_those_of_outgoing_connections():
    assert 10_240 <= ports.free_port() < 32_768


def test_taken_port_is_refused_with_its_remedy_in_one_line():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        with pytest.raises(StackError) as caught:
            ports.require_free(port, "locust", "make run LOCUST_PORT=8189")

    assert str(caught.value) == (
        f"port {port} on 127.0.0.1 (locust) is taken: stop what listens there, or choose another: "
        "make run LOCUST_PORT=8189"
    )


def test_port_reserved_for_root_is_not_reported_as_taken(monkeypatch):
    monkeypatch.setattr(
        ports, "_bind_error", lambda _port: PermissionError(13, "Permission denied")
    )

    with pytest.raises(StackError, match=r"80 .* is not for ordinary users: choose one above 1023"):
        ports.require_free(80, "service", "make run SERVICE_PORT=8000")


def test_port_that_was_just_closed_is_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    assert not ports.is_taken(port)
