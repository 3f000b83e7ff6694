"""A trial's client of the service, against a small server that keeps its knobs in a dict."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from loadtests.service_under_test.client import ServiceClient, ServiceError
from tests.serving import serving


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _send(self, body, status=200, **headers):
        raw = body.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def do_GET(self):
        service = self.server
        service.asked.append((self.path, self.headers.get("Authorization")))
        if self.path == "/control/settings":
            self._send(json.dumps({"version": 1, "settings": service.knobs}))
        elif self.path.startswith("/metrics"):
            self._send('cacheaside_lookups_total{result="hit"} 3.0\n')
        else:
            timing = f"cache;dur=1.5, store;dur={10 + len(service.asked)}"
            self._send("{}", X_Cache=service.result, Server_Timing=timing)
        if service.hangs_up:
            self.close_connection = True

    def do_PATCH(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.server.deaf:
            self.server.knobs |= body
        self._send(json.dumps({"version": 2, "settings": self.server.knobs}))

    def do_DELETE(self):
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        self._send('{"deleted": 2}', self.server.delete_status)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Answers)) as running:
        running.knobs, running.asked = {"ttl_seconds": 60}, []
        running.result, running.deaf, running.hangs_up = "MISS", False, False
        running.delete_status = 200
        yield running


@pytest.fixture
def service(server):
    client = ServiceClient([f"http://127.0.0.1:{server.server_port}/"], "secret")
    yield client
    client.close()


def test_knobs_are_set_and_read_back(service):
    service.set_knobs({"ttl_seconds": 5, "protection": "lease"})

    assert service.knobs() == {"ttl_seconds": 5, "protection": "lease"}


def test_process_that_does_not_apply_the_knobs_is_named(service, server, monkeypatch):
    monkeypatch.setattr(f"{ServiceClient.__module__}._KNOBS_REACH_ALL_SECONDS", 0.1)
    server.deaf = True

    with pytest.raises(ServiceError, match="did not take over the knobs"):
        service.set_knobs({"ttl_seconds": 5})


def test_counters_are_requested_by_name(service, server):
    assert service.counters().lookups == {"hit": 3}
    assert "name[]=cacheaside_lookups_total&" in server.asked[0][0]


def test_conditions_hold_the_knobs_and_their_version(service):
    read = service.conditions()

    assert (read.knobs, read.knobs_version) == ({"ttl_seconds": 60}, 1)


def test_control_requests_carry_the_token(service, server):
    service.clear_cache()

    assert server.asked == [("/control/cache", "Bearer secret")]


def test_cache_that_cannot_be_emptied_is_an_error(service, server):
    server.delete_status = 503

    with pytest.raises(ServiceError, match="refused DELETE /control/cache"):
        service.clear_cache()


def test_fill_time_is_the_median_of_the_probed_misses_without_the_first_three(service):
    # The store takes 11 ms, 12 ms and so on, the cache 1.5 ms each.
    assert service.probe_fill_seconds(range(1, 9), 8) == pytest.approx(0.0175)


def test_few_ids_are_probed_again_from_an_emptied_cache(service, server):
    assert service.probe_fill_seconds([1, 2], 6) is not None

    paths = [path for path, _ in server.asked]
    assert paths == [*("/fruit/1", "/fruit/2", "/control/cache") * 2, "/fruit/1", "/fruit/2"]


def test_fill_time_without_misses_is_unknown(service, server):
    server.result = "HIT"

    assert service.probe_fill_seconds(range(1, 9), 8) is None


def test_connection_that_was_closed_in_between_is_reopened(service, server):
    server.hangs_up = True

    assert service.counters() == service.counters()


def test_unreachable_service_is_named():
    client = ServiceClient(["http://127.0.0.1:1"])

    with pytest.raises(ServiceError, match=r"127\.0\.0\.1:1 cannot be reached"):
        client.counters()
