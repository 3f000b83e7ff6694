"""Leases whose holder is frozen or killed, entries without a TTL, and a write during a freeze."""

import asyncio
import os
import signal
import time

import pytest
import redis

from loadtests.stack.descendants import descendants, send
from tests.drills.counts import Counts, results
from tests.drills.drill_report import print_figure
from tests.drills.http_client import Client
from tests.drills.knob_control import set_knobs

pytestmark = [pytest.mark.integration, pytest.mark.exclusive]

NEW = 777_777
LEASE_SPARE_SECONDS = 2.0
GENERATION_SECONDS = 30.0


def signal_all(service, number):
    """Signal a service and its worker without continuing them, unlike `send`."""
    for pid in (service.pid, *descendants(service.pid)):
        os.kill(pid, number)


def wait_for_keys(server, number):
    while server.dbsize() < number:
        time.sleep(0.005)


def test_lookup_that_arrives_while_a_load_ends_does_not_load_again(drill_stack):
    urls = drill_stack.service_urls
    set_knobs(urls, protection="lease", store_delay_seconds=0.1)
    counts, ids = Counts(urls), range(201, 211)

    async def send_crowd(client, fruit_id):
        looking = []
        for number in range(40):
            looking.append(asyncio.create_task(client.look_up(urls[number % 2], fruit_id)))
            await asyncio.sleep(0.005)
        await asyncio.gather(*looking)

    async def send_crowds():
        async with Client() as client:
            for fruit_id in ids:
                await send_crowd(client, fruit_id)
            return client.lookups

    lookups = asyncio.run(send_crowds())

    print_figure(f"T2: {counts.selects()} loads of {len(ids)} fruit, {dict(results(lookups))}")
    # A lookup that found Redis too slow bypassed it; that is not a stampede of the lease.
    assert len(ids) <= counts.selects() <= len(ids) + results(lookups)["bypass"]
    assert results(lookups)["error"] == 0
    assert counts.lookups() == results(lookups)


def test_frozen_holder_does_not_end_the_lease_of_another_holder(drill_stack):
    holder, other = drill_stack.services
    delay_seconds = 0.5
    set_knobs([holder.url, other.url], protection="lease", store_delay_seconds=delay_seconds)
    counts = Counts([holder.url, other.url])

    async def overtake():
        async with Client() as client:
            frozen = asyncio.create_task(client.look_up(holder.url, 300))
            await asyncio.sleep(delay_seconds / 2)
            signal_all(holder, signal.SIGSTOP)
            # The lease expires, and the other process acquires a new one.
            await asyncio.sleep(delay_seconds + LEASE_SPARE_SECONDS)
            taken = asyncio.create_task(client.look_up(other.url, 300))
            await asyncio.sleep(delay_seconds / 2)
            signal_all(holder, signal.SIGCONT)
            first = await frozen
            waiting = await asyncio.gather(*(client.look_up(other.url, 300) for _ in range(10)))
            return [first, await taken, *waiting]

    answers = asyncio.run(overtake())

    print_figure(f"T3: {counts.selects()} loads, fills {dict(counts.fills())}")
    assert {answer.status for answer in answers} == {200}
    assert counts.selects() == 2
    assert counts.lookups() == results(answers)


def test_killed_processes_leave_no_entry_without_a_ttl(drill_stack):
    urls = drill_stack.service_urls
    set_knobs(urls, protection="lease", ttl_seconds=30)

    async def fill(left):
        async with Client() as client:
            filling = [
                asyncio.create_task(client.look_up(urls[number % 2], number))
                for number in range(1, 800)
            ]
            await asyncio.to_thread(wait_for_keys, left, 50)
            for service in drill_stack.services:
                send([service.pid, *descendants(service.pid)], signal.SIGKILL)
            return await asyncio.gather(*filling)

    with redis.Redis.from_url(drill_stack.redis_url) as left:
        answers = asyncio.run(fill(left))
        keys = list(left.scan_iter(count=1000))
        endless = [key for key in keys if left.pttl(key) == -1]
    print_figure(
        f"T8: {len(keys)} keys left by processes killed in the midst, {len(endless)} without end"
    )
    assert results(answers)["failed"] > 0
    assert keys
    assert endless == []


@pytest.mark.accept
def test_process_frozen_during_a_write_does_not_fill_the_old_row(drill_stack):
    sleeper, writer = drill_stack.services
    set_knobs([sleeper.url, writer.url], store_delay_seconds=1)

    async def write_during_freeze():
        async with Client(timeout_seconds=90) as client:
            slept = asyncio.create_task(client.look_up(sleeper.url, 400))
            await asyncio.sleep(0.5)
            signal_all(sleeper, signal.SIGSTOP)
            written = await client.write(writer.url, 400, NEW)
            # After this wait the generation that records the write has expired in Redis.
            await asyncio.sleep(GENERATION_SECONDS + 1)
            queued = [asyncio.create_task(client.look_up(sleeper.url, 400)) for _ in range(20)]
            await asyncio.sleep(0.5)
            signal_all(sleeper, signal.SIGCONT)
            old, *after = await asyncio.gather(slept, *queued)
            after += [await client.look_up(url, 400) for url in (sleeper.url, writer.url)]
            return written, old, after

    written, old, after = asyncio.run(write_during_freeze())

    print_figure(f"T7: slept through a write: {old.cache_status}")
    assert written.cache_status.endswith("invalidated")
    assert old.quantity != NEW
    assert {answer.quantity for answer in after} == {NEW}
