"""The service itself ended: in good order under load, and killed while it holds a lease."""

import asyncio
import itertools
import signal
import time

import pytest

from loadtests.stack.descendants import descendants, send
from tests.drills.counts import Counts, results
from tests.drills.drill_report import say
from tests.drills.http_client import Client
from tests.drills.knob_control import turn
from tests.drills.steady_load import SteadyLoad

pytestmark = [pytest.mark.integration, pytest.mark.exclusive]

# From the service: beyond the store's delay, a holder has this long to load.
LEASE_SPARE_SECONDS = 2.0


def test_what_is_under_way_ends_when_the_service_is_asked_to_end(drilled):
    service = drilled.services[0]
    turn(drilled.service_urls, store_delay_seconds=0.8, ttl_seconds=600)

    async def under_way():
        async with Client() as client:
            asking = [
                asyncio.create_task(client.look_up(service.url, fruit_id))
                for fruit_id in range(4000, 4012)
            ]
            await asyncio.sleep(0.4)
            # No more than may wait together for loads that take so long.
            with SteadyLoad([service.url], itertools.cycle(range(1, 4)), rate=150) as load:
                await asyncio.sleep(0.2)
                asked = time.monotonic()
                service.process.terminate()
                answers = await asyncio.gather(*asking)
                code = await asyncio.to_thread(service.process.wait, 15)
                took = time.monotonic() - asked
            return answers, load.answers, asked, code, took

    held, steady, asked, code, took = asyncio.run(under_way())

    before = [answer for answer in steady if answer.sent < asked]
    say(
        f"SIGTERM: {len(held)} loads and {len(before)} lookups before it were answered; "
        f"exit code {code} after {took:.2f} s"
    )
    assert results(held) == {"miss": len(held)}
    assert {answer.status for answer in [*held, *before]} == {200}
    assert code == 0
    assert took < 10


@pytest.mark.parametrize("there", [True, False], ids=["existing", "missing"])
def test_lease_of_a_killed_process_ends_by_itself(drilled, there):
    holder, other = drilled.services
    fruit_id = 77 if there else 999_999
    delay_seconds = 0.3
    turn(
        [holder.url, other.url],
        protection="lease",
        store_delay_seconds=delay_seconds,
        negative_ttl_seconds=0,
    )
    counts = Counts([other.url])

    async def die_and_wait():
        async with Client() as client:
            held = asyncio.create_task(client.look_up(holder.url, fruit_id))
            await asyncio.sleep(delay_seconds / 2)
            send([holder.pid, *descendants(holder.pid)], signal.SIGKILL)
            killed = time.monotonic()
            waited = await asyncio.gather(*(client.look_up(other.url, fruit_id) for _ in range(30)))
            return await held, waited, time.monotonic() - killed

    held, waited, took = asyncio.run(die_and_wait())

    say(f"dead holder: all 30 answered after {took:.2f} s, {counts.selects()} loads")
    assert held.status == 0
    assert {answer.status for answer in waited} == {200 if there else 404}
    assert took < delay_seconds + LEASE_SPARE_SECONDS + 2 * delay_seconds + 1
    assert counts.selects() == 1
    assert counts.lookups() == results(waited)


@pytest.mark.parametrize("protection", ["single-flight", "lease", "stale"])
def test_waiters_of_a_missing_id_do_not_stampede_although_absence_is_not_kept(drilled, protection):
    urls = drilled.service_urls
    turn(urls, protection=protection, store_delay_seconds=0.3, negative_ttl_seconds=0)
    counts = Counts(urls)

    async def crowd():
        async with Client() as client:
            asked = (client.look_up(url, 999_998) for url in urls * 20)
            return await asyncio.gather(*asked)

    answers = asyncio.run(crowd())

    say(f"{protection}: {counts.selects()} loads for {len(answers)} lookups of a missing id")
    assert {answer.status for answer in answers} == {404}
    # Late comers may begin a second load; a stampede would be one for each.
    assert counts.selects() <= (2 if protection == "lease" else 4)
    assert counts.lookups() == results(answers)
    assert results(answers)["negative"] == 0


def test_stream_of_newcomers_starves_nobody_who_waits_for_the_lease_of_a_missing_id(drilled):
    urls = drilled.service_urls
    turn(urls, protection="lease", store_delay_seconds=0.1, negative_ttl_seconds=0)
    with SteadyLoad(urls, itertools.repeat(999_997), rate=300) as load:
        time.sleep(4)

    slowest_ms = 1000 * max(answer.seconds for answer in load.answers)
    say(f"hot missing id: {dict(results(load.answers))}, slowest {slowest_ms:.0f} ms")
    assert {answer.status for answer in load.answers} == {404}
