"""The HTTP contract of lookups, of writes and of invalid input."""

import io
from dataclasses import replace

import pytest

from service.domain.cache import FillOutcome
from service.domain.lookup import BypassReason, Lookup, LookupResult
from service.web.lookups import cache_status
from tests.service.parts import APPLE

JSON = {"Content-Type": "application/json"}
KIWI = {"name": "kiwi", "quantity": 5}


def metric_value(client, name, **labels):
    text = client.get("/metrics").text
    wanted = name + "{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "} "
    return next(float(line.split()[-1]) for line in text.splitlines() if line.startswith(wanted))


def lookups(client):
    lines = client.get("/metrics?name[]=cacheaside_lookups_total").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if not line.startswith("#"))


def test_lookup_without_redis_is_a_bypass_and_no_error(client):
    answer = client.get("/fruit/1")

    assert answer.status_code == 200
    assert answer.text == ('{"data":{"id":1,"name":"apple","quantity":100},"from_cache":false}\n')
    assert answer.headers["X-Cache"] == "BYPASS"
    assert answer.headers["Cache-Status"] == "cacheaside; fwd=bypass; detail=unreachable"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Server-Timing"].startswith("store;dur=")
    assert "Age" not in answer.headers


def test_head_is_a_lookup_without_a_body(client):
    answer = client.head("/fruit/1")

    assert (answer.status_code, answer.data, answer.headers["X-Cache"]) == (200, b"", "BYPASS")
    assert lookups(client) == 1


def test_missing_fruit_is_404_json(client):
    answer = client.get("/fruit/999")

    assert answer.status_code == 404
    assert answer.json == {"error": "no such fruit", "field": None}


def test_debug_mode_prints_json_as_in_the_original_walkthrough(app):
    app.debug = True
    expected = """{
  "data": {
    "id": 1,
    "name": "apple",
    "quantity": 100
  },
  "from_cache": false
}
"""

    assert expected == app.test_client().get("/fruit/1").text


@pytest.mark.parametrize(
    "path",
    [
        *("0", "-1", "01", "abc", "%D9%A3", "99999999999999999999", "1%20OR%201=1", "2147483648"),
        *("1%00", "1%0A", "%201", "1.0", "%FF", "..%2F1", "1;x", "1'", "${1}", "x" * 5000),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_invalid_id_is_404_without_a_query(client, method, path):
    body = {"json": KIWI} if method == "PUT" else {}
    answer = client.open(f"/fruit/{path}", method=method, **body)

    assert answer.status_code == 404
    assert answer.content_type == "application/json"
    text = client.get("/metrics?name[]=cacheaside_store_queries_total").text
    queries = [line for line in text.splitlines() if line.startswith("cacheaside")]
    assert all(line.endswith(" 0.0") for line in queries)
    assert lookups(client) == 0


@pytest.mark.parametrize(
    "path",
    ["/fruit", "/fruit/", "/fruit/1/", "/fruit/1/2", "//fruit/1", "/FRUIT/1", "/x", "/%2e%2e"],
)
def test_unknown_path_is_404_json(client, path):
    answer = client.get(path)

    assert (answer.status_code, answer.content_type) == (404, "application/json")
    assert answer.json["field"] is None


@pytest.mark.parametrize("method", ["POST", "PATCH", "TRACE", "CONNECT", "BREW"])
def test_unsupported_method_is_405_json(client, method):
    answer = client.open("/fruit/1", method=method)

    assert (answer.status_code, answer.content_type) == (405, "application/json")
    assert "GET" in answer.headers["Allow"]
    assert answer.json["error"] == (
        "this page has no such method; use one of DELETE, GET, HEAD, OPTIONS, PUT"
    )


def test_options_lists_the_methods(client):
    answer = client.options("/fruit/1")

    assert answer.status_code == 200
    assert {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"} == set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "a b"},
        {"Host": "[::1"},
        {"Host": ""},
        {"Range": "bytes=x"},
        {"If-None-Match": '"' * 1000},
        {"Cookie": "a" * 8000},
        {"Authorization": "Basic %%%"},
        {"Accept": "\x80"},
        {"Content-Length": "-5"},
        {"Content-Length": "x"},
        {"Transfer-Encoding": "chunked"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-HTTP-Method-Override": "DELETE"},
    ],
    ids=str,
)
def test_malformed_headers_cause_no_server_error(client, headers):
    for method in ("GET", "PUT", "DELETE"):
        answer = client.open("/fruit/888", method=method, headers=headers)

        assert answer.status_code < 500
        assert answer.content_type == "application/json"


def test_links_of_the_front_page_work(client):
    links = client.get("/").json["links"]

    for path in links.values():
        assert client.get(path).status_code in {200, 503}


def test_put_creates_then_replaces(client):
    created = client.put("/fruit/9", json=KIWI)
    replaced = client.put("/fruit/9", json={**KIWI, "id": 9, "quantity": 6})

    assert (created.status_code, replaced.status_code) == (201, 200)
    assert created.json == {"data": {"id": 9, **KIWI}}
    assert client.get("/fruit/9").json["data"]["quantity"] == 6


def test_delete_is_204_and_404_when_there_is_nothing(client):
    first, second = client.delete("/fruit/1"), client.delete("/fruit/1")

    assert (first.status_code, first.data) == (204, b"")
    assert second.status_code == 404
    assert client.get("/fruit/1").status_code == 404


def test_write_succeeds_and_reports_a_pending_invalidation_without_redis(client):
    answer = client.put("/fruit/1", json=KIWI)

    assert answer.status_code == 200
    assert answer.headers["Cache-Status"] == ("cacheaside; fwd=method; detail=invalidation-pending")


def test_write_reports_that_invalidation_is_off(client):
    client.patch("/control/settings", json={"invalidation": "none"})

    assert "invalidation-off" in client.put("/fruit/1", json=KIWI).headers["Cache-Status"]


BODIES = {
    "no JSON": (b"{", JSON, 400, None),
    "empty": (b"", JSON, 400, None),
    "no UTF-8": (b"\xff\xfe", JSON, 400, None),
    "list": (b"[]", JSON, 400, None),
    "text": (b'"x"', JSON, 400, None),
    "null": (b"null", JSON, 400, None),
    "nested": (b"[" * 8000, JSON, 400, None),
    "NaN": (b'{"name": "a", "quantity": NaN}', JSON, 400, None),
    "a name twice": (b'{"name": "a", "name": "b", "quantity": 1}', JSON, 400, None),
    "huge number": (b'{"name": "a", "quantity": ' + b"9" * 5000 + b"}", JSON, 400, "quantity"),
    "large": (b'{"name": "' + b"x" * 16_384 + b'", "quantity": 1}', JSON, 413, None),
    "form": (b"name=a", {"Content-Type": "application/x-www-form-urlencoded"}, 415, None),
    "no type": (b'{"name": "a", "quantity": 1}', {}, 415, None),
    "text type": (b"{}", {"Content-Type": "text/plain"}, 415, None),
    "no name": (b'{"quantity": 1}', JSON, 400, "name"),
    "empty name": (b'{"name": "", "quantity": 1}', JSON, 400, "name"),
    "long name": (b'{"name": "' + b"x" * 256 + b'", "quantity": 1}', JSON, 400, "name"),
    "half a surrogate": (b'{"name": "\\ud800", "quantity": 1}', JSON, 400, "name"),
    "negative": (b'{"name": "a", "quantity": -1}', JSON, 400, "quantity"),
    "too many": (b'{"name": "a", "quantity": 2147483648}', JSON, 400, "quantity"),
    "fraction": (b'{"name": "a", "quantity": 1.5}', JSON, 400, "quantity"),
    "true": (b'{"name": "a", "quantity": true}', JSON, 400, "quantity"),
    "another id": (b'{"id": 2, "name": "a", "quantity": 1}', JSON, 400, "id"),
    "unknown": (b'{"name": "a", "quantity": 1, "color": "red"}', JSON, 400, "color"),
}


@pytest.mark.parametrize(("body", "headers", "status", "field"), BODIES.values(), ids=BODIES.keys())
def test_invalid_body_is_refused_and_changes_nothing(client, body, headers, status, field):
    answer = client.put("/fruit/1", data=body, headers=headers)

    assert (status, field) == (answer.status_code, answer.json["field"])
    assert answer.json["error"]
    assert APPLE.as_json_object() == client.get("/fruit/1").json["data"]


def test_body_of_sixteen_kibibytes_is_accepted(client):
    body = b'{"name": "a", "quantity": 1}'.ljust(16 * 1024)

    assert client.put("/fruit/1", data=body, headers=JSON).status_code == 200


def test_name_of_255_characters_beyond_the_basic_plane_is_accepted(client):
    name = "\U0001f34e" * 255
    answer = client.put("/fruit/1", json={"name": name, "quantity": 0})

    assert answer.status_code == 200
    assert client.get("/fruit/1").json["data"]["name"] == name


def test_unavailable_store_is_503_with_retry_after(build, settings):
    client = build(
        replace(settings, database_url="mysql+pymysql://u:hunter2@127.0.0.1:1/db")
    ).test_client()
    for answer in (
        client.get("/fruit/1"),
        client.put("/fruit/1", json=KIWI),
        client.delete("/fruit/1"),
        client.put("/control/catalogue", json={"items": 3}),
    ):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert answer.content_type == "application/json"
        assert "hunter2" not in answer.text
    failed = client.get("/fruit/1").headers
    assert (failed["X-Cache"], failed["Cache-Control"]) == ("ERROR", "no-store")
    assert failed["Cache-Status"] == "cacheaside; fwd=bypass; detail=store-unavailable"
    assert failed["Server-Timing"].startswith("store;dur=")
    assert metric_value(client, "cacheaside_lookups_total", result="error") == 2


def test_unexpected_error_is_json_without_a_traceback(app, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("service.pattern.cache_aside.CacheAside.look_up", fail)
    monkeypatch.setattr("service.pattern.writes.Writes.delete", fail)
    client = app.test_client()
    for answer in (client.get("/fruit/1"), client.delete("/fruit/1")):
        assert (answer.status_code, answer.content_type) == (500, "application/json")
        assert "secret" not in answer.text
    labels = {"method": "GET", "route": "/fruit/<id>", "status": "500"}
    assert metric_value(client, "cacheaside_http_requests_total", **labels) == 1


@pytest.mark.parametrize(
    ("lookup", "expected"),
    [
        (Lookup(APPLE, LookupResult.HIT, remaining_seconds=42.7), "hit; ttl=42"),
        (Lookup(APPLE, LookupResult.HIT), "hit"),
        (
            Lookup(APPLE, LookupResult.HIT, remaining_seconds=0.5, refresh=True),
            "hit; ttl=0; detail=refresh",
        ),
        (Lookup(APPLE, LookupResult.NEAR, remaining_seconds=9.5), "hit; ttl=9; detail=near"),
        (Lookup(APPLE, LookupResult.STALE, remaining_seconds=-2.5), "hit; ttl=-3"),
        (Lookup(None, LookupResult.NEGATIVE, remaining_seconds=4.0), "hit; ttl=4"),
        (Lookup(APPLE, LookupResult.MISS, fill=FillOutcome.STORED), "fwd=miss; stored"),
        (Lookup(APPLE, LookupResult.MISS, fill=FillOutcome.FENCED), "fwd=miss; detail=fill-fenced"),
        (Lookup(None, LookupResult.MISS), "fwd=miss"),
        (Lookup(APPLE, LookupResult.COALESCED), "fwd=miss; collapsed"),
        (
            Lookup(APPLE, LookupResult.BYPASS, bypass=BypassReason.OFF),
            "fwd=bypass; detail=off",
        ),
        (Lookup(None, LookupResult.ERROR), "fwd=miss; detail=store-unavailable"),
        (
            Lookup(None, LookupResult.ERROR, bypass=BypassReason.OFF),
            "fwd=bypass; detail=store-unavailable",
        ),
    ],
)
def test_cache_status_reports_how_the_cache_handled_the_lookup(lookup, expected):
    assert f"cacheaside; {expected}" == cache_status(lookup)


def test_requests_are_counted_by_route_never_by_path(client):
    for path in ("/fruit/1", "/fruit/2", "/fruit/x", "/nowhere", "/elsewhere"):
        client.get(path)
    client.open("/fruit/1", method="BREW")

    labels = {"method": "GET", "route": "/fruit/<id>", "status": "200"}
    assert metric_value(client, "cacheaside_http_requests_total", **labels) == 2
    assert "/fruit/1" not in client.get("/metrics").text
    labels = {"method": "GET", "route": "unmatched", "status": "404"}
    assert metric_value(client, "cacheaside_http_requests_total", **labels) == 2


def test_chunked_body_beyond_the_limit_is_refused(client):
    body = b'{"name": "a", "quantity": 1}'.ljust(16 * 1024 + 1)
    answer = client.put(
        "/fruit/1",
        input_stream=io.BytesIO(body),
        headers={"Content-Type": "application/json", "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert answer.status_code == 413


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_answer_to_a_write_may_not_be_stored(client, method):
    answer = client.open("/fruit/1", method=method, json={"name": "a", "quantity": 1})

    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("sign", ["", "-"])
def test_number_of_5000_digits_is_out_of_range_like_any_other(client, sign):
    digits = sign + "9" * 5000
    knob, row, items = (
        client.open(path, method=method, data=body, content_type="application/json")
        for path, method, body in (
            ("/control/settings", "PATCH", f'{{"ttl_seconds": {digits}}}'),
            ("/fruit/7", "PUT", f'{{"name": "fig", "quantity": {digits}}}'),
            ("/control/catalogue", "PUT", f'{{"items": {digits}}}'),
        )
    )

    assert [answer.status_code for answer in (knob, row, items)] == [400, 400, 400]
    assert knob.json["error"].startswith("ttl_seconds must be 0 (cache off) to 2678400 seconds")
    assert row.json["error"] == "quantity must be a whole number from 0 to 2147483647"
    assert items.json["error"] == "items must be a whole number from 1 to 10000000"
