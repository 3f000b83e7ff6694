"""The service is stopped gracefully under load, and killed while it holds a lease."""

import asyncio
import itertools
import signal
import time

import pytest

from loadtests.stack.descendants import descendants, send
from tests.drills.counts import Counts, results
from tests.drills.drill_report import print_figure
from tests.drills.http_client import Client
from tests.drills.knob_control import set_knobs
from tests.drills.steady_load import SteadyLoad

pytestmark = [pytest.mark.integration, pytest.mark.exclusive]

# As in the service: a holder has this long to load, beyond the store's delay.
LEASE_SPARE_SECONDS = 2.0


def test_requests_under_way_are_answered_when_the_service_gets_sigterm(drill_stack):
    service = drill_stack.services[0]
    set_knobs(drill_stack.service_urls, store_delay_seconds=0.8, ttl_seconds=600)

    async def under_way():
        async with Client() as client:
            asking = [
                asyncio.create_task(client.look_up(service.url, fruit_id))
                for fruit_id in range(4000, 4012)
            ]
            await asyncio.sleep(0.4)
            # This rate stays below the limit of lookups that may wait for such slow loads.
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
    print_figure(
        f"SIGTERM: {len(held)} loads and {len(before)} lookups before it were answered; "
        f"exit code {code} after {took:.2f} s"
    )
    assert results(held) == {"miss": len(held)}
    assert {answer.status for answer in [*held, *before]} == {200}
    assert code == 0
    assert took < 10


@pytest.mark.parametrize("there", [True, False], ids=["existing", "missing"])
def test_lease_of_a_killed_process_expires(drill_stack, there):
    holder, other = drill_stack.services
    fruit_id = 77 if there else 999_999
    delay_seconds = 0.3
    set_knobs(
        [holder.url, other.url],
        protection="lease",
        store_delay_seconds=delay_seconds,
        negative_ttl_seconds=0,
    )
    counts = Counts([other.url])

    async def kill_holder_and_wait():
        async with Client() as client:
            held = asyncio.create_task(client.look_up(holder.url, fruit_id))
            await asyncio.sleep(delay_seconds / 2)
            send([holder.pid, *descendants(holder.pid)], signal.SIGKILL)
            killed = time.monotonic()
            waited = await asyncio.gather(*(client.look_up(other.url, fruit_id) for _ in range(30)))
            return await held, waited, time.monotonic() - killed

    held, waited, took = asyncio.run(kill_holder_and_wait())

    print_figure(f"dead holder: all 30 answered after {took:.2f} s, {counts.selects()} loads")
    assert held.status == 0
    assert {answer.status for answer in waited} == {200 if there else 404}
    assert took < delay_seconds + LEASE_SPARE_SECONDS + 2 * delay_seconds + 1
    assert counts.selects() == 1
    assert counts.lookups() == results(waited)


@pytest.mark.parametrize("protection", ["single-flight", "lease", "stale"])
def test_lookups_of_a_missing_id_do_not_stampede_with_a_negative_ttl_of_zero(
    drill_stack, protection
):
    urls = drill_stack.service_urls
    set_knobs(urls, protection=protection, store_delay_seconds=0.3, negative_ttl_seconds=0)
    counts = Counts(urls)

    async def crowd():
        async with Client() as client:
            asked = (client.look_up(url, 999_998) for url in urls * 20)
            return await asyncio.gather(*asked)

    answers = asyncio.run(crowd())

    print_figure(
        f"{protection}: {counts.selects()} loads for {len(answers)} lookups of a missing id"
    )
    assert {answer.status for answer in answers} == {404}
    # Latecomers may start a second load; a stampede would be one load per lookup.
    assert counts.selects() <= (2 if protection == "lease" else 4)
    assert counts.lookups() == results(answers)
    assert results(answers)["negative"] == 0


def test_newcomers_do_not_starve_waiters_for_the_lease_of_a_missing_id(drill_stack):
    urls = drill_stack.service_urls
    set_knobs(urls, protection="lease", store_delay_seconds=0.1, negative_ttl_seconds=0)
    with SteadyLoad(urls, itertools.repeat(999_997), rate=300) as load:
        time.sleep(4)

    slowest_ms = 1000 * max(answer.seconds for answer in load.answers)
    print_figure(f"hot missing id: {dict(results(load.answers))}, slowest {slowest_ms:.0f} ms")
    assert {answer.status for answer in load.answers} == {404}
