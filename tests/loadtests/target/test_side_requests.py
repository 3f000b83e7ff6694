"""What is asked of a target beside the load: setting its TTL, and reading its counters."""

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from loadtests.service_under_test.client import ServiceError
from loadtests.target import side_requests
from loadtests.target.key_source import TargetError
from loadtests.target.own_service import Tls
from loadtests.target.side_requests import set_ttl
from loadtests.target.target_control import TargetControl
from loadtests.target.target_file import TargetFlags, read_target
from loadtests.target.tls_context import tls_context
from tests.serving import serving

PAGE = """
# TYPE shop_cache_hits counter
shop_cache_hits{node="a"} 70
shop_cache_hits{node="b"} 7
# TYPE shop_cache_requests_total counter
shop_cache_requests_total{kind="hit"} 999
shop_cache_requests_total{kind="miss",node="a"} 20
shop_cache_requests_total{kind="miss",node="b"} 3
"""


class Shop(ThreadingHTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.location, self.page, self.seen = 204, "", PAGE, []
        self.drips, self.missing_bytes = False, 0
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((f"{self.command} {self.path}", body.decode(), dict(self.headers)))
        is_page = self.path.startswith("/metrics")
        content = self.server.page.encode() if is_page else b""
        self.send_response(200 if is_page else self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header(
            "Content-Length",
            str(len(content) + 1000 * self.server.drips + self.server.missing_bytes),
        )
        self.end_headers()
        self.wfile.write(content)
        while self.server.drips:
            time.sleep(0.05)
            try:
                self.wfile.write(b"#")
            except OSError:
                return

    do_GET = do_PUT = do_PATCH = answer  # noqa: N815 - the standard library's names

    def log_message(self, *_):
        pass


@pytest.fixture
def shop():
    with serving(Shop()) as server:
        yield server


@pytest.fixture
def describe(tmp_path, shop):
    def describe(text, **flags):
        file = tmp_path / "shop.toml"
        file.write_text(f'url = "{shop.url}/api/{{key}}"\n{text.replace("SHOP", shop.url)}')
        return read_target(TargetFlags(file=str(file), **flags))

    return describe


COUNTERS = """
[counters]
url = "SHOP/metrics?secret=yes"
hits = "shop_cache_hits"
misses = 'shop_cache_requests_total{kind="miss"}'
"""


def test_ttl_is_set_by_a_patch_with_its_own_headers_and_the_ttl_in_its_places(
    describe, shop, monkeypatch
):
    monkeypatch.setenv("ADMIN_TOKEN", "s3cret")
    target = describe("""
        [headers]
        X-Load = "for the load alone"
        [ttl]
        url = "SHOP/admin/cache?unit=s"
        body = '{"ttl": {ttl}, "ttl_ms": {ttl_ms}}'
        headers = { Authorization = "Bearer ${ADMIN_TOKEN}" }
        """)

    set_ttl(target, 0.5)
    set_ttl(target, 2678400.0)

    request, body, headers = shop.seen[0]
    assert (request, body) == ("PATCH /admin/cache?unit=s", '{"ttl": 0.5, "ttl_ms": 500}')
    assert headers["Authorization"] == "Bearer s3cret"
    assert headers["Content-Type"] == "application/json"
    assert "X-Load" not in headers
    assert shop.seen[1][1] == '{"ttl": 2678400, "ttl_ms": 2678400000}'
    assert "s3cret" not in repr(target)


def test_ttl_may_stand_in_the_address_and_be_put(describe, shop):
    set_ttl(describe('[ttl]\nurl = "SHOP/ttl/{ttl}"\nmethod = "put"'), 5.0)

    assert shop.seen[0][:2] == ("PUT /ttl/5", "")


def test_a_ttl_that_is_refused_is_said_with_status_and_place(describe, shop):
    shop.status = 403
    target = describe('[ttl]\nurl = "SHOP/admin?secret=yes&ttl={ttl}"')

    with pytest.raises(ServiceError) as refused:
        set_ttl(target, 5.0)

    assert "PATCH http://127.0.0.1" in str(refused.value)
    assert "/admin was answered with status 403; correct [ttl] of" in str(refused.value)
    assert "shop.toml" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_redirect_is_refused_and_gets_no_secret(describe, shop, monkeypatch):
    monkeypatch.setenv("ADMIN_TOKEN", "s3cret")
    shop.status, shop.location = 307, f"{shop.url}/elsewhere"
    target = describe("""
        [ttl]
        url = "SHOP/admin/{ttl}"
        headers = { Authorization = "${ADMIN_TOKEN}" }
        """)

    with pytest.raises(ServiceError, match="status 307, and redirects are not followed"):
        set_ttl(target, 5.0)

    assert [request for request, _, _ in shop.seen] == ["PATCH /admin/5"]


def test_a_place_that_cannot_be_reached_is_named(describe):
    target = describe('[ttl]\nurl = "http://127.0.0.1:1/admin/{ttl}"')

    with pytest.raises(ServiceError, match=r"PATCH http://127\.0\.0\.1:1/admin/\{ttl\} failed"):
        set_ttl(target, 5.0)


def test_counters_are_summed_over_the_samples_that_have_their_labels(describe, shop):
    control = TargetControl(describe(COUNTERS))

    assert control.counters().key_reads == {"true": 77, "false": 23}
    assert shop.seen[0][0] == "GET /metrics?secret=yes"


def test_a_counter_that_the_page_lacks_or_cannot_count_is_left_out(describe, shop):
    control = TargetControl(describe(COUNTERS))
    shop.page = "shop_cache_hits 5\nother 7\n"
    assert control.counters().key_reads == {"true": 5}
    shop.page = 'shop_cache_hits NaN\nshop_cache_requests_total{kind="miss"} 4\n'
    assert control.counters().key_reads == {"false": 4}


def test_only_the_lines_of_a_counter_are_read_of_a_page_that_has_it(describe, shop):
    control = TargetControl(describe(COUNTERS))
    shop.page += "not a sample at all\n"

    assert control.counters().key_reads == {"true": 77, "false": 23}


def test_counters_go_before_redis(describe):
    def asked():
        raise AssertionError

    control = TargetControl(describe(COUNTERS), key_reads=asked)

    assert control.counters().key_reads == {"true": 77, "false": 23}


def test_a_page_that_is_not_of_prometheus_is_refused_before_the_load(describe, shop):
    control = TargetControl(describe(COUNTERS))
    control.check()
    shop.page = "<html>"

    with pytest.raises(ServiceError, match=r"/metrics is not Prometheus text.*\[counters\] of"):
        control.check()


def test_a_page_that_is_too_long_is_refused(describe, shop, monkeypatch):
    monkeypatch.setattr(side_requests, "MOST_BYTES", 200_000)
    shop.page = "#" * 300_000

    with pytest.raises(ServiceError, match="failed: its answer has more than 200,000 bytes;"):
        TargetControl(describe(COUNTERS)).check()


def test_a_page_that_drips_or_is_cut_is_refused(describe, shop, monkeypatch):
    monkeypatch.setattr(side_requests, "ANSWER_SECONDS", 0.3)
    control = TargetControl(describe(COUNTERS))

    shop.drips = True
    with pytest.raises(ServiceError, match=r"failed: no whole answer within 0\.3 seconds;"):
        control.check()

    shop.drips, shop.missing_bytes = False, 5
    with pytest.raises(ServiceError, match="failed: IncompleteRead"):
        control.check()


def test_certificates_are_read_once_for_the_reads_of_every_second():
    assert tls_context(Tls()) is tls_context(Tls())
    assert tls_context(Tls(verify=False)) is not tls_context(Tls())


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('[ttl]\nurl = "SHOP/admin"', "must hold {ttl}"),
        ('[ttl]\nbody = "{ttl}"', "url must be http(s)://host/path, got ''"),
        ('[ttl]\nurl = "http://{ttl}.example/"', "url must be http(s)://host/path"),
        ('[ttl]\nurl = "SHOP/{zone}/{ttl}"', "ttl: url may hold only {ttl} and {ttl_ms} in braces"),
        ('[counters]\nurl = "SHOP/{key}"\nhits="a"\nmisses="b"', "no name in braces, got '{key}'"),
        ('[ttl]\nurl = "SHOP/{ttl}"\nmethod = "P T"', "'P T'"),
        ('[ttl]\nurl = "SHOP/{ttl}"\nspeed = 3', "'speed'"),
        ('[ttl]\nurl = "http://me:pw@127.0.0.1/{ttl}"', "must not hold a password"),
        ('[ttl]\nurl = "SHOP/{ttl}"\nheaders = { "A b" = "c" }', "'A b'"),
        ('[ttl]\nurl = "SHOP/{ttl}"\nheaders = { A = "${NOT_SET_ANYWHERE}" }', "NOT_SET_ANYWHERE"),
        ('[ttl]\nurl = "http://192.0.2.1/{ttl}"', "--i-may-load-this-host"),
        ('[counters]\nurl = "SHOP/metrics"\nhits = "a"', "misses must name a counter"),
        ('[counters]\nurl = "SHOP/metrics"\nhits = "a b"\nmisses = "c"', "'a b'"),
        ('[counters]\nurl = "SHOP/metrics"\nhits = "a 7"\nmisses = "c"', "'a 7'"),
        ('[counters]\nurl = "SHOP/metrics"\nhits = "a"\nmisses = "a"', "two counters"),
        ('[counters]\nurl = "http://192.0.2.1/"\nhits="a"\nmisses="b"', "--i-may-load-this-host"),
    ],
)
def test_a_wrong_table_is_refused_with_its_place(describe, table, words):
    with pytest.raises(TargetError) as refused:
        describe(table)

    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_another_machine_that_sets_the_ttl_is_allowed_like_the_load(describe):
    target = describe('[ttl]\nurl = "http://192.0.2.1/{ttl}"', allowed=True)

    assert target.ttl.endpoint.host == "192.0.2.1"
    assert not target.foreign  # The load itself stays on this machine.
