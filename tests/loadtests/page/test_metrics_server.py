"""The server of /metrics alone: what it answers, and which connections it closes."""

import socket
import urllib.request

import pytest
from prometheus_client import CollectorRegistry, Gauge

from loadtests.page import metrics_server
from loadtests.page.metrics_server import serve_metrics


@pytest.fixture
def port(monkeypatch):
    monkeypatch.setattr(metrics_server, "IDLE_SECONDS", 0.1)
    registry = CollectorRegistry()
    Gauge("apples", "How many.", registry=registry).set(7)
    server, thread = serve_metrics(registry, "127.0.0.1", 0)
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("begun", [b"", b"GET /metrics HTTP/1.1\r\nHost: local"])
def test_connection_on_which_nothing_comes_is_closed(port, begun, capfd):
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(begun)

        assert connection.recv(1) == b""
    assert not capfd.readouterr().err


def test_metrics_are_served(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as page:
        assert b"apples 7.0" in page.read()
