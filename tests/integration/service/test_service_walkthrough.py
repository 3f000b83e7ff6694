"""The original walkthrough, line by line, on a real Redis and a real MariaDB."""

import os
import subprocess
import sys
import time

import pytest
import redis

from loadtests.stack.guardian import ROOT
from tests.integration.service.service_processes import (
    clear,
    look_up,
    patch,
    request,
    results,
    running,
    samples,
)

pytestmark = pytest.mark.integration


@pytest.fixture
def url(guardian, fresh_redis, mariadb_server):
    with running(guardian, fresh_redis.url, mariadb_server.url) as (server,):
        yield server.url


@pytest.fixture
def client(fresh_redis):
    with redis.Redis.from_url(fresh_redis.url) as client:
        yield client


def test_first_call_misses_and_the_second_hits(url, client):
    first, second = look_up(url, 1), look_up(url, 1)

    body = b'{"data":{"id":1,"name":"apple","quantity":100},"from_cache":%s}\n'
    assert (body % b"false", body % b"true") == (first.body, second.body)
    assert (first.result, second.result) == ("miss", "hit")
    assert first.headers["Cache-Status"] == "cacheaside; fwd=miss; stored"
    assert second.headers["Cache-Status"] in {"cacheaside; hit; ttl=59", "cacheaside; hit; ttl=60"}
    assert (first.headers["Age"], second.headers["Age"]) == (None, "0")
    assert client.keys("*") == [b"fruit:1"]
    assert client.get("fruit:1") == b'{"id": 1, "name": "apple", "quantity": 100}'


def test_flask_debug_prints_json_as_in_the_original_walkthrough(
    fresh_redis, mariadb_server, free_port
):
    environment = {
        **os.environ,
        "REDIS_URL": fresh_redis.url,
        "DATABASE_URL": mariadb_server.url,
    }
    command = [sys.executable, "-m", "flask", "--debug", "run", "--no-reload"]
    with subprocess.Popen(
        [*command, "--port", str(free_port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        url = f"http://127.0.0.1:{free_port}"
        deadline = time.monotonic() + 30
        while True:
            try:
                first = look_up(url, 2)
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        second = look_up(url, 2)
        process.terminate()

    expected = """{
  "data": {
    "id": 2,
    "name": "orange",
    "quantity": 200
  },
  "from_cache": %s
}
"""
    assert (expected % "false", expected % "true") == (first.body.decode(), second.body.decode())


def test_catalogue_of_a_hundred_thousand_items_is_filled_within_half_a_minute(url):
    began = time.monotonic()
    answer = request(url, "PUT", "/control/catalogue", {"items": 100_000})
    took = time.monotonic() - began

    assert answer.json == {"items": 100_000}
    assert took < 30
    assert look_up(url, 100_000).status == 200
    assert look_up(url, 1).json["data"]["name"] == "apple"


def test_writes_are_seen_by_the_next_lookup(url, client):
    fruit_id = 200_001
    assert look_up(url, fruit_id).status == 404
    assert look_up(url, fruit_id).result == "negative"
    created = request(url, "PUT", f"/fruit/{fruit_id}", {"name": "kiwi", "quantity": 1})
    assert (created.status, look_up(url, fruit_id).result) == (201, "miss")
    replaced = request(url, "PUT", f"/fruit/{fruit_id}", {"name": "kiwi", "quantity": 1})
    assert (replaced.status, look_up(url, fruit_id).status) == (200, 200)
    deleted = request(url, "DELETE", f"/fruit/{fruit_id}")

    assert (deleted.status, deleted.body) == (204, b"")
    assert deleted.headers["Cache-Status"] == "cacheaside; fwd=method; detail=invalidated"
    assert look_up(url, fruit_id).status == 404
    assert 0 < client.pttl(f"{{fruit:{fruit_id}}}:gen") <= 30_000


def test_clearing_keeps_the_keys_of_other_programs(url, client):
    look_up(url, 1)
    patch(url, ttl_seconds=30)
    for key in ("fruits", "xfruit:1", "other:{fruit:1}", "cacheaside:other"):
        client.set(key, "theirs")
    client.set("{fruit:7}:lease", "held:aa", px=5000)

    assert clear(url).json == {"deleted": 2}
    assert sorted(client.keys("*")) == [
        b"cacheaside:other",
        b"cacheaside:settings",
        b"fruits",
        b"other:{fruit:1}",
        b"xfruit:1",
    ]


def test_thousands_of_entries_are_cleared_without_keys_or_flush(url, client):
    with client.pipeline(transaction=False) as pipeline:
        for number in range(5000):
            pipeline.set(f"fruit:{number + 1}", "null")
        pipeline.execute()
    client.config_resetstat()

    assert clear(url).json == {"deleted": 5000}
    used = {name.removeprefix("cmdstat_") for name in client.info("commandstats")}
    assert used.isdisjoint({"keys", "flushdb", "flushall"})


@pytest.mark.parametrize(
    "value", ["{", "[1, 2]", '{"id": 2, "name": "x", "quantity": 1}', "x" * 10**7]
)
def test_poisoned_value_is_counted_as_an_error_and_replaced_by_the_miss(url, client, value):
    client.set("fruit:1", value)
    first, second = look_up(url, 1), look_up(url, 1)

    assert (first.result, second.result) == ("miss", "hit")
    assert first.json["data"] == second.json["data"]
    assert samples(url)['cacheaside_cache_errors_total{op="decode"}'] == 1


def test_key_reads_agree_with_redis_and_results_agree_with_the_client(url, client):
    """Every mode, writes, missing ids and poisoned values, counted exactly on all three sides."""
    asked = 0
    before = samples(url)
    client.config_resetstat()
    reads_before = _key_reads(url)
    for protection in ("none", "single-flight", "lease", "early", "stale"):
        for fencing in ("on", "off"):
            patch(
                url,
                protection=protection,
                fencing=fencing,
                ttl_seconds=0.02,
                negative_ttl_seconds=0.02,
                stale_seconds=0.03,
            )
            for number in range(60):
                fruit_id = 300_000 + number % 4
                look_up(url, fruit_id if number % 3 else 1)
                asked += 1
                if number % 10 == 0:
                    request(url, "PUT", f"/fruit/{fruit_id}", {"name": "x", "quantity": number})
                if number == 31:
                    client.set("fruit:1", "poison")

    assert asked == sum(results(url).values()) - sum(
        value for name, value in before.items() if name.startswith("cacheaside_lookups_total")
    )
    assert _counts_agree(url, client, reads_before)


def _key_reads(url):
    found = samples(url)
    return tuple(
        found[f'cacheaside_cache_key_reads_total{{found="{word}"}}'] for word in ("true", "false")
    )


def _counts_agree(url, client, before):
    """Compare the counts when no sync of the knobs came between the two readings."""
    for _ in range(20):
        first = _key_reads(url)
        stats = client.info("stats")
        if first == _key_reads(url):
            ours = tuple(now - then for now, then in zip(first, before, strict=True))
            return ours == (stats["keyspace_hits"], stats["keyspace_misses"])
    return False
