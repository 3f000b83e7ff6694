"""Real processes: leases that outlive their holder, entries without end, a write slept through."""

import asyncio
import os
import signal
import time

import pytest
import redis

from loadtests.stack.descendants import descendants, send
from tests.drills.counts import Counts, results
from tests.drills.drill_report import say
from tests.drills.http_client import Client
from tests.drills.knob_control import turn

pytestmark = [pytest.mark.integration, pytest.mark.exclusive]

NEW = 777_777
LEASE_SPARE_SECONDS = 2.0
GENERATION_SECONDS = 30.0


def signal_all(service, number):
    """Signal a service and its worker, and not continue it as `send` does."""
    for pid in (service.pid, *descendants(service.pid)):
        os.kill(pid, number)


def wait_for_keys(server, number):
    while server.dbsize() < number:
        time.sleep(0.005)


def test_t2_who_comes_while_a_load_ends_does_not_load_again(drilled):
    urls = drilled.service_urls
    turn(urls, protection="lease", store_delay_seconds=0.1)
    counts, ids = Counts(urls), range(201, 211)

    async def come(client, fruit_id):
        looking = []
        for number in range(40):
            looking.append(asyncio.create_task(client.look_up(urls[number % 2], fruit_id)))
            await asyncio.sleep(0.005)
        await asyncio.gather(*looking)

    async def crowds():
        async with Client() as client:
            for fruit_id in ids:
                await come(client, fruit_id)
            return client.lookups

    lookups = asyncio.run(crowds())

    say(f"T2: {counts.selects()} loads of {len(ids)} fruit, {dict(results(lookups))}")
    # Who found Redis too slow went on without it, which is no stampede of the lease.
    assert len(ids) <= counts.selects() <= len(ids) + results(lookups)["bypass"]
    assert results(lookups)["error"] == 0
    assert counts.lookups() == results(lookups)


def test_t3_frozen_holder_does_not_end_the_lease_of_another(drilled):
    holder, other = drilled.services
    delay_seconds = 0.5
    turn([holder.url, other.url], protection="lease", store_delay_seconds=delay_seconds)
    counts = Counts([holder.url, other.url])

    async def overtake():
        async with Client() as client:
            frozen = asyncio.create_task(client.look_up(holder.url, 300))
            await asyncio.sleep(delay_seconds / 2)
            signal_all(holder, signal.SIGSTOP)
            # The lease ends by itself, and the other process takes its own.
            await asyncio.sleep(delay_seconds + LEASE_SPARE_SECONDS)
            taken = asyncio.create_task(client.look_up(other.url, 300))
            await asyncio.sleep(delay_seconds / 2)
            signal_all(holder, signal.SIGCONT)
            first = await frozen
            waiting = await asyncio.gather(*(client.look_up(other.url, 300) for _ in range(10)))
            return [first, await taken, *waiting]

    answers = asyncio.run(overtake())

    say(f"T3: {counts.selects()} loads, fills {dict(counts.fills())}")
    assert {answer.status for answer in answers} == {200}
    assert counts.selects() == 2
    assert counts.lookups() == results(answers)


def test_t8_killed_processes_leave_no_entry_without_a_ttl(drilled):
    urls = drilled.service_urls
    turn(urls, protection="lease", ttl_seconds=30)

    async def fill(left):
        async with Client() as client:
            filling = [
                asyncio.create_task(client.look_up(urls[number % 2], number))
                for number in range(1, 800)
            ]
            await asyncio.to_thread(wait_for_keys, left, 50)
            for service in drilled.services:
                send([service.pid, *descendants(service.pid)], signal.SIGKILL)
            return await asyncio.gather(*filling)

    with redis.Redis.from_url(drilled.redis_url) as left:
        answers = asyncio.run(fill(left))
        keys = list(left.scan_iter(count=1000))
        endless = [key for key in keys if left.pttl(key) == -1]
    say(f"T8: {len(keys)} keys left by processes killed in the midst, {len(endless)} without end")
    assert results(answers)["failed"] > 0
    assert keys
    assert endless == []


@pytest.mark.accept
def test_t7_process_that_slept_through_a_write_does_not_fill_the_old_row(drilled):
    sleeper, writer = drilled.services
    turn([sleeper.url, writer.url], store_delay_seconds=1)

    async def sleep_through():
        async with Client(timeout_seconds=90) as client:
            slept = asyncio.create_task(client.look_up(sleeper.url, 400))
            await asyncio.sleep(0.5)
            signal_all(sleeper, signal.SIGSTOP)
            written = await client.write(writer.url, 400, NEW)
            # By now Redis has forgotten that the fruit was written.
            await asyncio.sleep(GENERATION_SECONDS + 1)
            queued = [asyncio.create_task(client.look_up(sleeper.url, 400)) for _ in range(20)]
            await asyncio.sleep(0.5)
            signal_all(sleeper, signal.SIGCONT)
            old, *after = await asyncio.gather(slept, *queued)
            after += [await client.look_up(url, 400) for url in (sleeper.url, writer.url)]
            return written, old, after

    written, old, after = asyncio.run(sleep_through())

    say(f"T7: slept through a write: {old.cache_status}")
    assert written.cache_status.endswith("invalidated")
    assert old.quantity != NEW
    assert {answer.quantity for answer in after} == {NEW}
