"""A flushed Redis has forgotten every write, so loads from before must not fill it."""

import asyncio

import pytest
import redis

from tests.drills.counts import Counts, results
from tests.drills.drill_report import print_figure
from tests.drills.http_client import Client
from tests.drills.knob_control import set_knobs

pytestmark = pytest.mark.integration

HOLD_SECONDS = 0.5
NEW = 777_777


@pytest.mark.parametrize(
    ("protection", "ids"),
    [
        ("none", range(200, 212)),
        ("single-flight", range(212, 224)),
        ("lease", range(224, 236)),
        ("early", range(236, 248)),
        ("stale", range(248, 260)),
    ],
    ids=["none", "single-flight", "lease", "early", "stale"],
)
def test_load_from_before_a_write_does_not_fill_a_flushed_redis(drill_stack, protection, ids):
    urls = drill_stack.service_urls
    reader, writer = urls
    set_knobs(urls, protection=protection, store_delay_seconds=HOLD_SECONDS)
    counts = Counts(urls)

    async def race():
        async with Client() as client:
            held = [asyncio.create_task(client.look_up(reader, i)) for i in ids]
            await asyncio.sleep(HOLD_SECONDS / 2)
            written = [await client.write(writer, i, NEW) for i in ids]
            with redis.Redis.from_url(drill_stack.redis_url) as server:
                await asyncio.to_thread(server.flushall)
            held = await asyncio.gather(*held)
            after = await asyncio.gather(*(client.look_up(url, i) for i in ids for url in urls))
            return held, written, after, client.lookups

    held, written, after, lookups = asyncio.run(race())

    old = [answer for answer in held if answer.result == "miss" and answer.quantity != NEW]
    print_figure(f"{protection}: {len(old)} loads held over a flush, fills {dict(counts.fills())}")
    assert all(answer.cache_status.endswith("invalidated") for answer in written)
    assert {answer.quantity for answer in after} == {NEW}
    assert len(old) == len(ids)
    assert counts.lookups() == results(lookups)
