"""The client of the service's control API, against a real HTTP server with preset answers."""

import json
import socket
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from loadtests.service_under_test.client import ServiceClient, ServiceError
from tests.serving import serving


class Service(ThreadingHTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.answer, self.seen, self.later = 200, b"{}", [], []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.command, self.path, body, self.headers.get("Authorization")))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)
        if self.server.later:
            self.server.answer = self.server.later.pop(0)

    do_GET = do_PUT = do_PATCH = answer  # noqa: N815 - the standard library's names

    def log_message(self, *_):
        pass


@pytest.fixture
def service():
    with serving(Service()) as server:
        yield server


def client(*services, token=None):
    return ServiceClient(tuple(each.url for each in services), token)


def test_settings_are_read(service):
    service.answer = b'{"version": 1, "settings": {"ttl_seconds": 5}}'

    assert client(service).knobs() == {"ttl_seconds": 5}


@pytest.mark.parametrize("answer", [b"[" * 100_000, b"\xff", b"[]", b"", b'"x"'])
def test_an_answer_that_is_not_the_services_is_refused_in_one_line(service, answer):
    service.answer = answer

    with pytest.raises(ServiceError, match="did not answer GET /control/settings as the service"):
        client(service).knobs()

    service.status = 500
    with pytest.raises(ServiceError, match="status 500; is this the service"):
        client(service).knobs()


@pytest.mark.parametrize(
    "knobs",
    [
        *({}, [], None, {"ttl_seconds": "5"}, {"ttl_seconds": None}, {"ttl_seconds": [5]}),
        *({"ttl_seconds": -1}, {"ttl_seconds": 1e300}, {"ttl_seconds": float("nan")}),
        *({"ttl_seconds": 10**400}, {"ttl_seconds": True}, {"ttl_seconds": 5, "protection": {}}),
        {"ttl_seconds": 5, "stale_seconds": "x"},
    ],
    ids=str,
)
def test_knobs_that_no_service_of_ours_has_are_refused(service, knobs):
    service.answer = json.dumps({"settings": knobs}).encode()

    with pytest.raises(ServiceError, match="has no settings as the service does; check the URL"):
        client(service).knobs()


def test_an_answer_of_more_bytes_than_any_of_the_services_is_not_read_to_its_end(service):
    service.answer = b" " * 20_000_000

    with pytest.raises(ServiceError, match="it answers with 16,777,216 bytes or more"):
        client(service).knobs()


def test_a_proxy_named_in_the_environment_is_not_used(service, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    urllib.request.install_opener(None)  # An opener built earlier would know no proxy
    service.answer = b'{"settings": {"ttl_seconds": 5}}'

    assert client(service).knobs() == {"ttl_seconds": 5}


def test_the_token_is_sent(service):
    service.answer = b'{"settings": {"ttl_seconds": 5}}'

    client(service, token="secret").check()

    assert service.seen[0][3] == "Bearer secret"


def test_knobs_are_sent_as_one_patch(service):
    service.answer = b'{"settings": {"ttl_seconds": 5}}'

    client(service).set_knobs({"ttl_seconds": 5.0})

    method, path, body, _ = service.seen[0]
    assert (method, path, json.loads(body)) == ("PATCH", "/control/settings", {"ttl_seconds": 5.0})


@pytest.fixture
def replica():
    with serving(Service()) as server:
        yield server


OLD, NEW = (b'{"settings": {"ttl_seconds": %d}}' % ttl for ttl in (60, 5))


def test_knobs_are_in_force_once_every_replica_has_them(service, replica):
    service.answer, replica.answer, replica.later = NEW, OLD, [NEW]

    assert client(service, replica).set_knobs({"ttl_seconds": 5.0}) == {"ttl_seconds": 5}

    assert [seen[0] for seen in replica.seen] == ["GET", "GET"]


def test_a_replica_that_keeps_other_knobs_is_named(service, replica, monkeypatch):
    monkeypatch.setattr(f"{ServiceClient.__module__}._KNOBS_REACH_ALL_SECONDS", 0.0)
    service.answer, replica.answer = NEW, OLD

    with pytest.raises(ServiceError, match=f"service {replica.url} did not take over"):
        client(service, replica).set_knobs({"ttl_seconds": 5.0})


def test_the_catalogue_is_filled(service):
    client(service).fill_catalogue(100)

    assert service.seen[0][:3] == ("PUT", "/control/catalogue", b'{"items": 100}')


def test_a_counter_is_summed_over_labels_and_replicas(service):
    service.answer = (
        b"# TYPE cacheaside_store_queries_total counter\n"
        b'cacheaside_store_queries_total{op="select",outcome="ok"} 3.0\n'
        b'cacheaside_store_queries_total{op="write",outcome="ok"} 4\n'
        b'cacheaside_store_queries_created{op="select",outcome="ok"} 1.7e9\n'
        b"b_total 9\n"
    )

    assert client(service, service).counters().store_queries == {"select ok": 6, "write ok": 8}


def test_a_counter_is_unknown_when_a_replica_fails(service):
    service.status = 500

    with pytest.raises(ServiceError, match="refused GET /metrics"):
        client(service).counters()


def test_a_page_that_is_not_prometheus_text_is_refused(service):
    service.answer = b"<html>hello</html>"

    with pytest.raises(ServiceError, match="is not Prometheus text"):
        client(service).counters()


def test_a_wrong_token_is_reported_with_the_remedy(service):
    service.status = 401

    with pytest.raises(ServiceError, match="set CONTROL_TOKEN in the environment"):
        client(service).check()


def test_a_refusal_is_reported_in_the_services_own_words(service):
    service.status, service.answer = 400, b'{"error": "ttl_seconds must be at most 31 d"}'

    with pytest.raises(ServiceError, match="ttl_seconds must be at most 31 d"):
        client(service).set_knobs({"ttl_seconds": 1e9})


def test_another_server_is_not_mistaken_for_the_service(service):
    service.answer = b"<html>hello</html>"

    with pytest.raises(ServiceError, match="did not answer GET /control/settings as the service"):
        client(service).check()


def test_an_unreachable_service_is_named():
    gone = ServiceClient(("http://127.0.0.1:1",), None)

    with pytest.raises(ServiceError, match=r"service http://127\.0\.0\.1:1 cannot be reached"):
        gone.check()


def test_an_answer_without_settings_is_refused(service):
    service.answer = b'{"fine": true}'

    with pytest.raises(ServiceError, match="no settings"):
        ServiceClient((service.url,), None).check()


def test_a_server_that_does_not_speak_http_is_reported_as_unreachable():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"-ERR unknown command 'GET'\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(ServiceError, match="cannot be reached"):
            ServiceClient((f"http://127.0.0.1:{server.getsockname()[1]}",), None).check()
        thread.join()
