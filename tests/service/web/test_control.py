"""The control API: authorization, accepted requests and refused ones."""

from dataclasses import replace

import pytest

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def guarded(build, settings):
    return build(replace(settings, control_token="s3cret")).test_client()


CONTROL = [
    ("GET", "/control/settings"),
    ("PATCH", "/control/settings"),
    ("DELETE", "/control/cache"),
    ("PUT", "/control/catalogue"),
    ("PUT", "/fruit/1"),
    ("DELETE", "/fruit/1"),
]


@pytest.mark.parametrize(("method", "path"), CONTROL)
@pytest.mark.parametrize(
    "given",
    [None, "", "s3cret", "Bearer", "Bearer wrong", "Bearer s3cret ", "Basic s3cret", "Bearer \xe9"],
)
def test_request_without_the_token_is_refused(guarded, method, path, given):
    headers = {} if given is None else {"Authorization": given}
    answer = guarded.open(path, method=method, headers=headers, json={})

    assert answer.status_code == 401
    assert answer.json["error"]
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_request_with_the_token_is_accepted(guarded):
    for scheme in ("Bearer", "bearer"):
        headers = {"Authorization": f"{scheme} s3cret"}

        assert guarded.get("/control/settings", headers=headers).status_code == 200


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_without_a_configured_token_this_machine_is_authorized(client, address):
    environment = {"REMOTE_ADDR": address}

    assert client.get("/control/settings", environ_base=environment).status_code == 200


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.1.2", "::2", "", "localhost"])
@pytest.mark.parametrize(("method", "path"), CONTROL)
def test_without_a_configured_token_other_machines_are_refused(client, address, method, path):
    environment = {"REMOTE_ADDR": address}
    headers = {"X-Forwarded-For": "127.0.0.1"}
    answer = client.open(path, method=method, headers=headers, environ_base=environment)

    assert answer.status_code == 401


@pytest.mark.parametrize("address", ["10.0.0.1", "2001:db8::1"])
def test_refusal_of_another_machine_tells_the_way_out(client, address):
    answer = client.patch("/control/settings", json={}, environ_base={"REMOTE_ADDR": address})

    assert answer.status_code == 401
    assert "set CONTROL_TOKEN" in answer.json["error"]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"X-Forwarded-Host": "localhost"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:8000"},
        {"Host": "[nonsense"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=lambda headers: " ".join(f"{name} {value}" for name, value in headers.items()),
)
@pytest.mark.parametrize(("method", "path"), CONTROL)
def test_without_a_configured_token_proxies_and_other_pages_are_refused(
    client, method, path, headers
):
    answer = client.open(path, method=method, headers=headers, json={})

    assert answer.status_code == 403
    assert "set CONTROL_TOKEN" in answer.json["error"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "127.0.0.1:8000"},
        {"Host": "[::1]:8000"},
        {"Host": "LOCALHOST:8000"},
        {"Host": "localhost:8000", "Origin": "http://localhost:8000"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=lambda headers: " ".join(f"{name} {value}" for name, value in headers.items()),
)
def test_without_a_configured_token_localhost_is_obeyed_under_its_names(client, headers):
    assert client.get("/control/settings", headers=headers).status_code == 200


def test_the_token_passes_a_proxy(guarded):
    headers = {
        "Authorization": "Bearer s3cret",
        "Host": "fruit.example",
        "X-Forwarded-For": "10.0.0.1",
    }

    assert guarded.get("/control/settings", headers=headers).status_code == 200


def test_lookups_need_no_token(guarded):
    assert guarded.get("/fruit/1").status_code == 200


def test_knobs_are_shown_with_their_version(client):
    shown = client.get("/control/settings").json

    assert shown["version"] == 0
    assert shown["settings"]["ttl_seconds"] == 60


def test_patch_changes_knobs_and_returns_all_of_them(client):
    answer = client.patch("/control/settings", json={"ttl_seconds": 2.5, "protection": "lease"})

    assert answer.status_code == 200
    warning = answer.json["warning"]
    assert answer.json == {**client.get("/control/settings").json, "warning": warning}
    assert (
        answer.json["version"],
        answer.json["settings"]["ttl_seconds"],
        answer.json["settings"]["protection"],
    ) == (1, 2.5, "lease")


def test_patch_without_redis_tells_that_it_is_in_force_in_this_process_only(client):
    answer = client.patch("/control/settings", json={"ttl_seconds": 2.5})

    assert answer.status_code == 200
    assert answer.json["warning"].startswith("in force in this process only, because Redis")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"ttl_seconds": -1}, "ttl_seconds"),
        ({"ttl_seconds": 10**400}, "ttl_seconds"),
        ({"ttl_seconds": "60"}, "ttl_seconds"),
        ({"ttl_seconds": 5, "early_beta": 11}, "early_beta"),
        ({"protection": "on", "ttl_seconds": 5}, "protection"),
        ({"nonsense": 1, "ttl_seconds": 5}, "nonsense"),
        ({"fencing": None}, "fencing"),
    ],
)
def test_patch_with_one_invalid_field_changes_nothing(client, body, field):
    answer = client.patch("/control/settings", json=body)

    assert (400, field) == (answer.status_code, answer.json["field"])
    assert client.get("/control/settings").json["version"] == 0


@pytest.mark.parametrize(
    ("data", "headers", "status"),
    [
        (b"{", JSON, 400),
        (b"[]", JSON, 400),
        (b"{}" + b" " * 20_000, JSON, 413),
        (b"{}", {}, 415),
    ],
)
def test_patch_with_a_bad_body_is_refused(client, data, headers, status):
    assert status == client.patch("/control/settings", data=data, headers=headers).status_code


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "items"),
        ({"items": 0}, "items"),
        ({"items": 10_000_001}, "items"),
        ({"items": "5"}, "items"),
        ({"items": True}, "items"),
        ({"items": 1.0}, "items"),
        ({"items": 5, "more": 1}, "more"),
    ],
)
def test_catalogue_of_an_invalid_size_is_refused(client, body, field):
    answer = client.put("/control/catalogue", json=body)

    assert (400, field) == (answer.status_code, answer.json["field"])


def test_catalogue_makes_ids_exist(client):
    assert client.put("/control/catalogue", json={"items": 50}).json == {"items": 50}
    assert client.get("/fruit/50").status_code == 200
    assert client.get("/fruit/51").status_code == 404


def test_clearing_an_unavailable_cache_is_503(client):
    assert client.delete("/control/cache").status_code == 503


def test_process_is_live_but_not_ready_without_redis(client):
    ready = client.get("/readyz")

    assert client.get("/livez").json == {"live": True}
    assert ready.status_code == 503
    assert (ready.json["ready"], ready.json["checks"]["store"]) == (False, "ok")
    assert ready.json["checks"]["redis"].startswith("Redis does not answer: ")
    assert "refused" in ready.json["checks"]["redis"]


def test_readiness_tells_whether_the_near_tier_is_used_and_why_not(client, build, settings):
    assert client.get("/readyz").json["near"] == "off"
    client.patch("/control/settings", json={"near_seconds": 5})
    assert client.get("/readyz").json["near"].startswith("not in use: Redis ")

    url = "redis+cluster://127.0.0.1:1"
    cluster = build(replace(settings, redis_url=url)).test_client()
    refused = cluster.patch("/control/settings", json={"near_seconds": 5})
    assert (refused.status_code, refused.json["field"]) == (400, "near_seconds")
    assert cluster.get("/readyz").json["near"] == "off: a Redis Cluster has no near tier"


@pytest.fixture
def storeless(build, settings):
    """An app whose database, at an address that strangers must not see, is away."""
    url = "mysql+pymysql://cashier:hunter2@127.0.0.1:1/grocerydb"
    return build(replace(settings, database_url=url, control_token="s3cret")).test_client()


SECRETS = ("cashier", "hunter2", "127.0.0.1", "grocerydb", "pymysql", "2003")


@pytest.mark.parametrize("path", ["/readyz", "/fruit/1", "/metrics", "/", "/control/settings"])
def test_strangers_see_no_user_and_no_address_of_the_database(storeless, path):
    answers = [storeless.get(path) for _ in range(3)]

    assert [word for word in SECRETS if any(word in answer.text for answer in answers)] == []


def test_the_cause_is_told_with_the_token_and_stands_in_the_log_once(storeless, caplog):
    told = storeless.get("/readyz", headers={"Authorization": "Bearer s3cret"})
    hidden = storeless.get("/readyz")
    storeless.get("/fruit/1")

    assert "Can't connect to MySQL server on '127.0.0.1'" in told.json["checks"]["store"]
    assert (told.status_code, hidden.status_code) == (503, 503)
    assert hidden.json["checks"]["store"].startswith("not available; the log says why")
    lines = [line for line in caplog.messages if "store failed: " in line]
    assert len(lines) == 1
    assert "127.0.0.1" in lines[0]


def test_a_write_that_fails_tells_no_cause_either(storeless):
    headers = {"Authorization": "Bearer s3cret"}
    answer = storeless.put("/fruit/1", headers=headers, json={"name": "kiwi", "quantity": 1})

    assert answer.status_code == 503
    assert [word for word in SECRETS if word in answer.text] == []


def test_catalogue_command_fills_and_refuses_an_invalid_size(app):
    runner = app.test_cli_runner()
    filled = runner.invoke(args=["catalogue", "fill", "--items", "20"])
    refused = runner.invoke(args=["catalogue", "fill", "--items", "0"])

    assert (filled.exit_code, refused.exit_code) == (0, 2)
    assert "ids 1 to 20 exist, 17 of them new" in filled.output


def test_catalogue_command_reports_an_unavailable_store_in_one_line(build, settings):
    app = build(replace(settings, database_url="mysql+pymysql://u:p@127.0.0.1:1/db"))
    result = app.test_cli_runner().invoke(args=["catalogue", "fill", "--items", "20"])

    assert result.exit_code == 2
    assert len(result.output.splitlines()) == 1
    assert "DATABASE_URL" in result.output
