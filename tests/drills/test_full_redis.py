"""Redis full and not evicting: lookups still work, and no write leaves an old row cached."""

import asyncio
from collections import Counter

import pytest
import redis

from tests.drills.counts import Counts, results, sum_metric
from tests.drills.drill_report import print_figure
from tests.drills.http_client import Client
from tests.drills.knob_control import set_knobs

pytestmark = [pytest.mark.integration, pytest.mark.exclusive]

PROTECTIONS = ["none", "single-flight", "lease", "early", "stale"]
MANY = 50


@pytest.fixture
def server(drill_stack):
    with redis.Redis.from_url(drill_stack.redis_url) as server:
        yield server


@pytest.fixture
def fill_up(server):
    """Makes Redis refuse all further keys until the test ends."""
    policy = server.config_get("maxmemory-policy")["maxmemory-policy"]
    server.config_set("maxmemory-policy", "noeviction")
    yield lambda: server.config_set("maxmemory", "1")
    server.config_set("maxmemory", "0")
    server.config_set("maxmemory-policy", policy)


def reads_beyond_ours(urls, server):
    """Return the hits and misses that Redis counted beyond those that the services counted."""
    while True:
        ours = sum_metric(urls, "cacheaside_cache_key_reads_total", "found")
        stats = server.info("stats")
        if ours == sum_metric(urls, "cacheaside_cache_key_reads_total", "found"):
            found, missed = stats["keyspace_hits"], stats["keyspace_misses"]
            return found - ours["true"], missed - ours["false"]


@pytest.mark.parametrize(("number", "protection"), list(enumerate(PROTECTIONS)), ids=PROTECTIONS)
def test_lookups_and_writes_succeed_when_redis_is_full(
    drill_stack, server, fill_up, number, protection
):
    urls = drill_stack.service_urls
    warm = range(2000 + 100 * number, 2000 + 100 * number + MANY)
    cold = range(warm.stop, warm.stop + MANY)
    new = 777_000 + number
    set_knobs(urls, protection=protection)
    counts, uncounted = Counts(urls), reads_beyond_ours(urls, server)

    async def drill():
        async with Client() as client:
            for i in warm:
                await client.look_up(urls[i % 2], i)
            await asyncio.to_thread(fill_up)
            hits = [await client.look_up(urls[i % 2], i) for i in warm]
            misses = [await client.look_up(urls[i % 2], i) for i in cold]
            written = [await client.write(urls[i % 2], i, new) for i in warm]
            after = [await client.look_up(urls[(i + 1) % 2], i) for i in warm]
            return hits, misses, written, after, client.lookups

    hits, misses, written, after, lookups = asyncio.run(drill())

    failed = [one for one in lookups if "fill-failed" in one.cache_status]
    print_figure(
        f"full Redis, {protection}: {dict(counts.lookups())}, fills {dict(counts.fills())}, "
        f"invalidations {dict(counts.invalidations())}"
    )
    assert {answer.status for answer in [*lookups, *written]} == {200}
    # On a busy machine, a few lookups may find Redis too slow and bypass it.
    assert results(hits)["hit"] >= 0.9 * MANY
    assert results(misses)["miss"] >= 0.9 * MANY
    assert results(hits)["miss"] == 0
    assert len(failed) >= results(misses)["miss"]
    assert counts.fills()["failed"] == len(failed)
    assert counts.invalidations().total() >= MANY
    assert Counter(answer.quantity for answer in after) == {new: MANY}
    assert counts.lookups() == results(lookups)
    assert reads_beyond_ours(urls, server) == uncounted
