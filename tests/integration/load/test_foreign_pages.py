"""What a foreign web page, or a stranger's address, gets out of a real Locust page: nothing."""

import http.client
import json
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from loadtests.stack.local import LocalStack
from tests.integration.load.locust_load import LocustProcess, fetch, wait_for
from tests.serving import serving

pytestmark = pytest.mark.integration

TOKEN = {"CONTROL_TOKEN": "secret"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CHANGES = ["/swarm", "/stop", "/stats/reset", "/user", "/cacheaside/knobs"]
FOREIGN = {
    "an origin elsewhere": {"Origin": "http://evil.example"},
    "another port of this machine": {"Origin": "http://127.0.0.1:1"},
    "a sandboxed frame": {"Origin": "null"},
    "a browser's word": {"Sec-Fetch-Site": "cross-site"},
    "a sibling site": {"Sec-Fetch-Site": "same-site"},
    "a rebound name": {"Host": "evil.example"},
    "a rebound name and its origin": {"Host": "evil.example", "Origin": "http://evil.example"},
}


class Listener(ThreadingHTTPServer):
    """A server of an attacker: notes what it is sent, and answers or redirects as told."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.authorizations = []
        self.redirects_to = None
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.authorizations.append(self.headers.get("Authorization"))
        answer = json.dumps({"settings": {"ttl_seconds": 1}, "body": len(body)}).encode()
        self.send_response(302 if self.server.redirects_to else 200)
        if self.server.redirects_to:
            self.send_header("Location", self.server.redirects_to + self.path)
        self.send_header("X-Cache", "HIT")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - the standard library's names

    def log_message(self, *_):
        pass


@pytest.fixture
def attacker():
    with serving(Listener()) as server:
        yield server


@pytest.fixture(scope="module")
def service_url(require_servers):  # noqa: ARG001 - skips, or fails under CI, without Redis
    with LocalStack(database="sqlite", environment=TOKEN) as stack:
        yield stack.service_urls[0]


@pytest.fixture(scope="module")
def traces(tmp_path_factory):
    folder = tmp_path_factory.mktemp("traces")
    (folder / "ids.txt").write_text("1\n2\n3\n")
    (folder / "secret.txt").write_text("hunter2\n")
    (folder / "way-out.txt").symlink_to("/etc/passwd")
    return folder


@pytest.fixture(scope="module")
def locust(service_url, traces, tmp_path_factory):
    words = ["--trace-folder", traces, "--page-name", "load.example"]
    directory = tmp_path_factory.mktemp("page")
    with LocustProcess(
        directory, service_url, *words, headless=False, environment=TOKEN
    ) as running:
        running.until_page()
        yield running


def send(page, method, path, body="", **headers):
    """Return the status, the headers and the text of an answer; *headers* may hold any Host."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(page).netloc, timeout=60)
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, response.headers, text


def swarm(page, **fields):
    form = urllib.parse.urlencode({"user_count": 1, "spawn_rate": 1, **fields})
    status, _, text = send(page, "POST", "/swarm", form, **FORM)
    return status, json.loads(text)


def state(page):
    return json.loads(fetch(page + "/stats/requests"))["state"]


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_no_route_that_changes_something_obeys_a_foreign_page(locust, path, headers):
    status, _, text = send(
        locust.page_url, "POST", path, "user_count=1&spawn_rate=1", **FORM | headers
    )

    assert status == 403
    assert "Locust's own page" in json.loads(text)["message"]
    assert state(locust.page_url) in {"ready", "stopped"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Host": "localhost:8089", "Origin": "http://localhost:8089"},
        {"Host": "192.168.7.7:8089", "Origin": "http://192.168.7.7:8089"},
        {"Host": "[::1]:8089", "Origin": "http://[::1]:8089"},
        {"Host": "load.example", "Origin": "https://load.example"},
        {"Origin": "https://load.example"},
    ],
    ids=lambda headers: " ".join(headers.values()) or "a script",
)
def test_the_page_itself_is_obeyed_under_each_of_its_names(locust, headers):
    status, _, text = send(locust.page_url, "POST", "/stats/reset", **headers)

    assert (status, text) == (200, "ok")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("GET", "/logs"), ("OPTIONS", "/swarm")]
)
def test_no_answer_lets_a_foreign_page_read_it(locust, method, path):
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    _, headers, _ = send(locust.page_url, method, path, **asked)

    assert [name for name in headers if name.lower().startswith("access-control-")] == []


@pytest.mark.parametrize("path", ["/", "/logs", "/stats/report", "/cacheaside/tables"])
def test_nothing_is_shown_under_a_name_that_an_attacker_leads_here(locust, path):
    status, _, text = send(locust.page_url, "GET", path, Host="evil.example")

    assert status == 403
    assert "--page-name" in json.loads(text)["message"]


@pytest.mark.parametrize("path", ["/", "/stats/report", "/swarm", "/assets/nothing"])
def test_no_page_of_it_may_stand_in_a_frame_of_another(locust, path):
    _, headers, _ = send(locust.page_url, "GET", path)

    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Content-Security-Policy"] == "frame-ancestors 'none'"


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("/user", '{"user_class_name": "ReadHeavy", "on_start": 5}', "application/json"),
        ("/user", "[" * 100_000, "application/json"),
        ("/cacheaside/knobs", "[" * 100_000, "application/json"),
        ("/cacheaside/knobs", '{"ttl_seconds": 5}', "text/plain"),
        ("/swarm", "x" * 2_000_000, FORM["Content-Type"]),
    ],
    ids=["an attribute", "deep JSON", "deep knobs", "knobs as text", "two megabytes"],
)
def test_a_request_that_no_page_of_ours_sends_is_refused_as_the_clients_fault(
    locust, path, body, kind
):
    status, _, _ = send(locust.page_url, "POST", path, body, **{"Content-Type": kind})

    assert 400 <= status < 500


def test_the_token_is_not_sent_to_an_address_of_the_form(locust, service_url, attacker):
    alone = swarm(locust.page_url, host=attacker.url)
    beside = swarm(locust.page_url, host=f"{service_url},{attacker.url}")
    wait_for(lambda: attacker.authorizations)
    send(locust.page_url, "POST", "/stop")

    assert set(attacker.authorizations) == {None}
    assert alone[0] == beside[0] == 200


def test_a_load_on_an_address_of_the_form_writes_without_the_token(locust, attacker):
    status, answer = swarm(
        locust.page_url,
        host=attacker.url,
        scenario="ReadWrite",
        write_ratio=1,
        rate=50,
        requests=20,
    )
    assert (status, answer["success"]) == (200, True)
    wait_for(lambda: len(attacker.authorizations) > 10)
    wait_for(lambda: state(locust.page_url) == "stopped")

    assert set(attacker.authorizations) == {None}


def test_the_way_out_is_told_where_the_token_is_withheld(locust, service_url):
    other = service_url.replace("127.0.0.1", "localhost")

    _, answer = swarm(locust.page_url, host=other)

    assert answer["success"] is False
    assert f"start again with --service-url {other}" in answer["message"]


def test_a_redirect_is_not_followed_with_the_token(service_url, attacker, tmp_path):
    del service_url
    with serving(Listener()) as moved:
        moved.redirects_to = attacker.url
        with LocustProcess(tmp_path, moved.url, headless=False, environment=TOKEN) as locust:
            locust.until_page()
            _, answer = swarm(locust.page_url)

    assert answer["success"] is False
    assert set(moved.authorizations) == {"Bearer secret"}
    assert attacker.authorizations == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("record", "/tmp/overwritten"), ("service_url", "http://x"), ("csv_prefix", "/tmp/x"),
     ("max_p99_ms", "1"), ("metrics_port", "1"), ("trace_folder", "/"), ("nonsense", "1")],
)  # fmt: skip
def test_what_is_not_shown_in_the_form_is_not_taken_from_it(locust, field, value):
    status, answer = swarm(locust.page_url, **{field: value})

    assert (status, answer["success"]) == (200, False)
    assert answer["message"].startswith(f"{field} is not a field of the start form")
    assert state(locust.page_url) in {"ready", "stopped"}


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "{traces}/../x", "{traces}/way-out.txt", "ids.txt", "{traces}", "a\0b"]
)
def test_a_trace_outside_the_folders_named_at_start_is_refused_unread(locust, traces, path):
    _, answer = swarm(locust.page_url, trace=path.format(traces=traces))

    assert answer["success"] is False
    assert (
        "trace must be a file below a folder given at start with --trace-folder"
        in answer["message"]
    )
    assert "root:" not in answer["message"] + locust.log_text


def test_a_trace_below_a_folder_named_at_start_is_replayed(locust, service_url, traces):
    replay = {"trace": traces / "ids.txt", "scenario": "TraceReplay", "rate": 50}
    _, answer = swarm(locust.page_url, host=service_url, **replay)

    send(locust.page_url, "POST", "/stop")
    assert answer["success"], answer


def test_no_message_holds_what_stands_in_a_file(locust, service_url, traces):
    replay = {"trace": traces / "secret.txt", "scenario": "TraceReplay"}
    _, answer = swarm(locust.page_url, host=service_url, **replay)

    assert answer["success"] is False
    assert "line 1: an id must be 1 to 2147483647" in answer["message"]
    assert "hunter2" not in answer["message"] + locust.log_text


@pytest.mark.parametrize("folder", ["", "/nowhere"])
def test_a_trace_folder_that_is_none_is_refused_at_start(service_url, tmp_path, folder):
    words = ["--trace-folder", folder]
    with LocustProcess(tmp_path, service_url, *words, headless=False) as locust:
        assert locust.wait(60) == 2
    assert f"trace-folder must be a folder, got '{folder}'" in locust.log_text
