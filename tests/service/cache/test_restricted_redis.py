"""A Redis user that may not send every command: what works is used, and what does not is said."""

import pytest
import redis

from service.settings import Settings

pytestmark = pytest.mark.integration

URL = "redis://limited:pass@127.0.0.1"


@pytest.fixture
def restrict(redis_server):
    """Gives the user `limited` of the shared server these rules, until the test ends."""
    with redis.Redis.from_url(redis_server.url) as admin:
        admin.flushdb()

        def set_rules(*rules):
            admin.execute_command(
                *("ACL", "SETUSER", "limited", "reset", "on", ">pass", "~*", "&*", "+@all", *rules)
            )

        yield set_rules
        admin.acl_deluser("limited")
        admin.flushdb()


@pytest.fixture
def client(build, redis_server, tmp_path):
    settings = Settings(
        redis_url=f"{URL}:{redis_server.port}/0", database_url=f"sqlite:///{tmp_path}/fruit.db"
    )
    return build(settings).test_client()


def look_up(client):
    answer = client.get("/fruit/1")
    return answer.headers["X-Cache"], answer.json["data"]["quantity"]


@pytest.mark.parametrize("command", ["time", "info", "pexpire", "exists"])
def test_lookups_are_fenced_hits_without(client, restrict, command):
    restrict(f"-{command}")
    before = look_up(client)
    hit = look_up(client)
    written = client.put("/fruit/1", json={"name": "apple", "quantity": 7})
    after, ready = look_up(client), client.get("/readyz")

    assert (before, hit, after) == (("MISS", 100), ("HIT", 100), ("MISS", 7))
    assert written.headers["Cache-Status"].endswith("detail=invalidated")
    assert ready.status_code == 200


def test_change_of_knobs_that_redis_refuses_to_store_is_told_as_one_of_this_process(
    client, restrict
):
    restrict()
    shared = client.patch("/control/settings", json={"ttl_seconds": 7})
    restrict("-set")
    unshared = client.patch("/control/settings", json={"ttl_seconds": 8})

    assert (shared.status_code, unshared.status_code) == (200, 200)
    assert "warning" not in shared.json
    assert "in this process only" in unshared.json["warning"]


@pytest.mark.parametrize("command", ["evalsha", "getrange", "pttl", "set", "del"])
def test_missing_command_is_named_and_no_acknowledged_write_is_lost(client, restrict, command):
    restrict(f"-{command}")
    for quantity in range(10):
        assert client.put("/fruit/1", json={"name": "a", "quantity": quantity}).status_code == 200
        assert look_up(client)[1] == quantity
        assert look_up(client)[1] == quantity
    ready = client.get("/readyz")

    assert ready.status_code == 503
    assert command.upper() in ready.json["checks"]["redis"].upper()
