"""Writes while Redis is down succeed, report a pending invalidation, and leave no old row."""

import asyncio
import time

import pytest

from tests.drills.counts import Counts, results
from tests.drills.drill_report import print_figure
from tests.drills.http_client import Client
from tests.drills.knob_control import set_knobs
from tests.drills.outages import FAILURES, heal

pytestmark = [pytest.mark.integration, pytest.mark.exclusive]

MANY = 8


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.word)
def test_write_without_redis_leaves_no_old_row(drill_stack, failure):
    writer, other = drill_stack.service_urls
    ids = range(3000, 3000 + MANY)
    new = 777_100 + FAILURES.index(failure)
    set_knobs(drill_stack.service_urls, ttl_seconds=600)
    counts = Counts(drill_stack.service_urls)

    async def drill():
        async with Client() as client:
            for fruit_id in ids:
                await client.look_up(other, fruit_id)
            failure.strike(drill_stack.redis)
            written = [await client.write(writer, fruit_id, new) for fruit_id in ids]
            own = [await client.look_up(writer, fruit_id) for fruit_id in ids]
            back = await asyncio.to_thread(heal, drill_stack.redis, failure)
            own += [await client.look_up(writer, fruit_id) for fruit_id in ids]
            while counts.invalidations()["retried"] < MANY and time.monotonic() < back + 5:
                own += [await client.look_up(writer, fruit_id) for fruit_id in ids]
            retried = time.monotonic() - back
            later = [
                await client.look_up(url, fruit_id)
                for url in drill_stack.service_urls
                for fruit_id in ids
            ]
            return written, own, later, retried, client.lookups

    written, own, later, retried, lookups = asyncio.run(drill())

    print_figure(
        f"{MANY} writes while Redis is away ({failure.word}): {dict(counts.invalidations())}, "
        f"done {retried:.2f} s after Redis answered again"
    )
    assert {answer.status for answer in written} == {200}
    assert {answer.cache_status for answer in written} == {
        "cacheaside; fwd=method; detail=invalidation-pending"
    }
    assert counts.invalidations() == {"deferred": MANY, "retried": MANY}
    assert {answer.quantity for answer in own} == {new}
    assert {answer.quantity for answer in later} == {new}
    assert retried < 5
    assert counts.lookups() == results(lookups)
