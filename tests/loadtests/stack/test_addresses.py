"""Services and servers that are given by their addresses."""

import http.server
import json
import threading
import typing

import pytest

from loadtests.stack.addresses import GivenServers, GivenService
from loadtests.stack.guardian import StackError
from loadtests.stack.service_server import ServiceServer


class _Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()

    def log_message(self, *words):
        pass


@pytest.fixture
def serve():
    """Return a function that serves a handler and returns the address."""
    servers = []

    def start(handler):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def ready_url(serve):
    return serve(_Ready)


def test_given_service_is_used_as_it_is(ready_url):
    with GivenService([f"{ready_url}/"], control_token="lab") as stack:
        assert stack.service_urls == [ready_url]
        assert stack.control_token == "lab"
        assert stack.lines == [f"service: given, {ready_url}"]


def test_unreachable_given_service_is_named(free_port):
    url = f"http://127.0.0.1:{free_port}"

    with (
        pytest.raises(StackError, match=f"{url} is not ready: it does not answer .*another URL"),
        GivenService([url]),
    ):
        pass


class _Unready(_Ready):
    """Names the cause to whoever has the token, as the service does."""

    def do_GET(self):
        known = self.headers["Authorization"] == "Bearer lab"
        checks = {"redis": "NOAUTH Authentication required" if known else "not available"}
        body = json.dumps({"ready": False, "checks": {**checks, "database": "ok"}}).encode()
        self.send_response(503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.mark.parametrize(
    ("token", "cause"),
    [("lab", "redis: NOAUTH Authentication required;"), ("no", "redis: not available;")],
)
def test_service_that_is_not_ready_is_refused_with_its_own_words(serve, token, cause):
    with (
        pytest.raises(StackError, match=f"is not ready: {cause}"),
        GivenService([serve(_Unready)], control_token=token),
    ):
        pass


class _Redirecting(_Ready):
    seen: typing.ClassVar[list] = []

    def do_GET(self):
        self.seen.append(self.path)
        self.send_response(302)
        self.send_header("Location", "/stolen")
        self.send_header("Content-Length", "0")
        self.end_headers()


def test_token_is_not_carried_after_a_redirect(serve):
    with (
        pytest.raises(StackError, match="is not ready: /readyz answers 302"),
        GivenService([serve(_Redirecting)], control_token="lab"),
    ):
        pass

    assert _Redirecting.seen == ["/readyz"]


@pytest.mark.integration
def test_given_servers_that_refuse_are_named_in_one_line_with_their_own_words(
    redis_server, monkeypatch
):
    monkeypatch.setattr(ServiceServer, "ready_within_seconds", 4.0)
    given = GivenServers(
        f"redis://nobody:no@127.0.0.1:{redis_server.port}/0",
        "mysql+pymysql://root@127.0.0.1:1/grocerydb",
        environment={"CONTROL_TOKEN": "lab"},
    )
    with pytest.raises(StackError, match="service-1 is not ready after 4 s: redis") as said, given:
        pass

    assert "invalid username-password pair" in str(said.value)
    assert "; store: the database did not answer" in str(said.value)
    assert "\n" not in str(said.value)


def test_given_servers_are_listed_without_passwords():
    stack = GivenServers("redis://:secret@cache:6379/0", "mysql+pymysql://me:pass@db/grocerydb")

    assert stack.lines == [
        "redis: given, redis://:***@cache:6379/0",
        "database: given, mysql+pymysql://me:***@db/grocerydb",
    ]
