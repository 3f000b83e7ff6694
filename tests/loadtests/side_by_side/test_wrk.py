"""What wrk counts of a real server, on two seconds of requests."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from loadtests.side_by_side.stage import require_answers
from loadtests.side_by_side.wrk import Burst, Wrk
from loadtests.stack.guardian import StackError
from tests.serving import serving

pytestmark = pytest.mark.integration


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.paths.append(self.path)
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        server.paths = []
        yield server


@pytest.fixture
def send(server, tmp_path):
    url = f"http://127.0.0.1:{server.server_address[1]}"
    return lambda path, **options: Wrk(tmp_path).send(url + path, 1, connections=2, **options)


def test_answers_are_counted_with_their_times(send, server):
    burst = send("/fruit/1")

    assert 0 < burst.requests <= len(server.paths)
    assert burst.failed == 0
    assert burst.rate == pytest.approx(burst.requests / burst.seconds)
    assert 0 < burst.p50_seconds <= burst.p99_seconds < 1


def test_refused_requests_count_as_failed(send):
    burst = send("/missing")

    assert burst.failed == burst.requests > 0
    with pytest.raises(StackError, match=r"a server: \d+ of \d+ requests failed"):
        require_answers(burst, "a server")


def test_script_chooses_the_paths(send, server):
    send("/", script='request = function() return wrk.format("GET", "/chosen") end\n')

    assert set(server.paths) == {"/chosen"}


def test_nothing_answered_is_no_measurement():
    with pytest.raises(StackError, match="0 of 0 requests"):
        require_answers(Burst(0, 1.0, 0, 0.0, 0.0), "a server")
