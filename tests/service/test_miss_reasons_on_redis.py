"""Every reason of a miss, provoked on a real Redis."""

import time
from collections import Counter

import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families

from service.settings import Settings

pytestmark = pytest.mark.integration


@pytest.fixture
def server(fresh_redis):
    with redis.Redis.from_url(fresh_redis.url) as server:
        yield server


@pytest.fixture
def client(build, server, fresh_redis, tmp_path):
    """A client of the app around a Redis of its own, which may run out of memory."""
    del server
    database = f"sqlite:///{tmp_path}/fruit.db"
    # A machine that is busy with other tests must not make Redis seem silent.
    settings = Settings(redis_url=fresh_redis.url, database_url=database, redis_timeout_seconds=2)
    return build(settings).test_client()


def look_up(client, *ids):
    return Counter(client.get(f"/fruit/{number}").headers["X-Cache"] for number in ids)


def counts(client, name, label):
    page = client.get("/metrics", query_string={"name[]": name}).text
    return {
        sample.labels[label]: int(sample.value)
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.value
    }


def reasons(client):
    found = counts(client, "cacheaside_misses_total", "reason")
    assert (
        sum(found.values()) == counts(client, "cacheaside_lookups_total", "result")["MISS".lower()]
    )
    return found


def turn(client, **knobs):
    assert client.patch("/control/settings", json=knobs).status_code == 200


def test_lookup_that_follows_an_expiry(client):
    turn(client, ttl_seconds=0.05)
    look_up(client, 1)
    time.sleep(0.06)
    look_up(client, 1)

    assert reasons(client) == {"first": 1, "expired": 1}


def test_lookup_that_follows_a_write(client):
    look_up(client, 1)
    assert client.put("/fruit/1", json={"name": "pear", "quantity": 2}).status_code == 200
    look_up(client, 1)

    assert reasons(client) == {"first": 1, "invalidated": 1}


def memory_at_rest(server):
    """Return the bytes Redis uses once the app's connections gave back their first buffers.

    Those are half a megabyte, more than all entries of a test: a limit set before would be one
    that nothing reaches, or one that Redis keeps below with no entry at all.
    """
    used = server.info("memory")["used_memory"]
    for _ in range(20):
        time.sleep(1.2)  # Redis looks at each connection once a second.
        before, used = used, server.info("memory")["used_memory"]
        if abs(used - before) < 2_000:
            return used
    raise AssertionError(f"the memory of Redis still changes, from {before} to {used} bytes")


def test_lookup_that_follows_an_eviction(client, server):
    # They take about 380 kB; a connection that becomes busy takes 20 kB.
    items = 2000
    assert client.put("/control/catalogue", json={"items": items}).status_code == 200
    look_up(client, 1)
    server.config_set("maxmemory-policy", "allkeys-random")
    server.config_set("maxmemory", memory_at_rest(server) + 200_000)
    look_up(client, *range(1, items + 1))
    again = look_up(client, *range(1, items + 1))

    assert server.info("stats")["evicted_keys"] > 0
    assert 0 < again["MISS"] < items
    assert reasons(client) == {"first": items, "evicted": again["MISS"]}


def test_lookup_that_follows_a_fill_which_redis_had_no_memory_for(client, server):
    look_up(client, 1)
    server.config_set("maxmemory-policy", "noeviction")
    server.config_set("maxmemory", 1)
    look_up(client, 2, 2)
    server.config_set("maxmemory", 0)
    look_up(client, 2, 2)

    assert reasons(client) == {"first": 2, "refused": 2}


def test_lookup_of_an_entry_that_cannot_be_read(client, server):
    look_up(client, 1)
    server.set("fruit:2", b"{", px=60_000)
    look_up(client, 2)

    assert reasons(client) == {"first": 1, "unknown": 1}


def test_lookup_that_follows_a_cleared_cache(client):
    look_up(client, 1)
    client.delete("/control/cache")
    look_up(client, 1)

    assert reasons(client) == {"first": 2}


def test_lookup_by_a_process_that_finds_entries_from_before_it(client, server):
    server.set("fruit:2", b"null", px=60_000)
    look_up(client, 3)

    assert reasons(client) == {"unknown": 1}
