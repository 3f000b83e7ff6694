"""Services and servers that are given by their addresses."""

import http.server
import threading

import pytest

from loadtests.stack.addresses import GivenServers, GivenService
from loadtests.stack.guardian import StackError


class _Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()

    def log_message(self, *words):
        pass


@pytest.fixture
def ready_url():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Ready) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_given_service_is_used_as_it_is(ready_url):
    with GivenService([f"{ready_url}/"], control_token="lab") as stack:
        assert stack.service_urls == [ready_url]
        assert stack.control_token == "lab"
        assert stack.lines == [f"service: given, {ready_url}"]


def test_unreachable_given_service_is_named(free_port):
    url = f"http://127.0.0.1:{free_port}"

    with pytest.raises(StackError, match=f"{url}/readyz does not answer 200"), GivenService([url]):
        pass


def test_given_servers_are_listed_without_passwords():
    stack = GivenServers("redis://:secret@cache:6379/0", "mysql+pymysql://me:pass@db/grocerydb")

    assert stack.lines == [
        "redis: given, redis://:***@cache:6379/0",
        "database: given, mysql+pymysql://me:***@db/grocerydb",
    ]
