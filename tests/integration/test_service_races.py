"""Readers and writers of one fruit over two processes, with the load held after its SELECT."""

import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.service_processes import look_up, patch, request, running, samples

pytestmark = [pytest.mark.integration, pytest.mark.accept]

HELD_SECONDS = 0.02
SIDE_BY_SIDE = 12
PROTECTIONS = ("none", "single-flight", "lease", "early", "stale")


@pytest.fixture
def urls(guardian, fresh_redis, mariadb_server):
    with running(guardian, fresh_redis.url, mariadb_server.url, count=2) as servers:
        yield [server.url for server in servers]


def write(url, fruit_id, quantity):
    answer = request(url, "PUT", f"/fruit/{fruit_id}", {"name": "raced", "quantity": quantity})
    assert answer.status in {200, 201}, answer.body
    assert "invalidated" in answer.headers["Cache-Status"]


def quantity(url, fruit_id):
    answer = look_up(url, fruit_id)
    assert answer.status == 200, answer.body
    return answer.json["data"]["quantity"]


def interleave(urls, readers, fruit_id, rounds, seed):
    """Count the rounds in which a read after an acknowledged write gave an older row.

    A reader's load is under way (its row read, its fill to come) when the write is
    acknowledged; others read at once, and again when that load has ended.
    """
    draws, stale = random.Random(seed), 0
    for number in range(rounds):
        write(draws.choice(urls), fruit_id, 2 * number)
        early = readers.submit(quantity, draws.choice(urls), fruit_id)
        time.sleep(draws.uniform(0, 1.2 * HELD_SECONDS))
        write(draws.choice(urls), fruit_id, 2 * number + 1)
        late = [readers.submit(quantity, url, fruit_id) for url in urls]
        early.result()
        seen = [future.result() for future in late]
        seen += [quantity(url, fruit_id) for url in urls]
        stale += any(one < 2 * number + 1 for one in seen)
    return stale


def race(urls, rounds, protection, fencing):
    """Give the stale rounds of so many, on fruit of their own side by side."""
    patch(
        urls[0],
        protection=protection,
        fencing=fencing,
        store_delay_seconds=HELD_SECONDS,
        ttl_seconds=30,
    )
    time.sleep(1.0)  # until every process has the knobs
    each = max(1, rounds // SIDE_BY_SIDE)
    with ThreadPoolExecutor(3 * SIDE_BY_SIDE) as readers, ThreadPoolExecutor(SIDE_BY_SIDE) as lanes:
        stale = lanes.map(
            lambda lane: interleave(urls, readers, 400_000 + lane, each, f"{protection}{lane}"),
            range(SIDE_BY_SIDE),
        )
        return sum(stale), each * SIDE_BY_SIDE


@pytest.mark.parametrize("protection", PROTECTIONS)
def test_t7_no_read_after_an_acknowledged_write_is_stale(urls, protection):
    stale, rounds = race(urls, 120, protection, "on")

    assert (stale, rounds) == (0, 120)
    assert samples(*urls)['cacheaside_fills_total{outcome="fenced"}'] > 0


def test_race_test_can_race(urls):
    """With fencing off, at least one in a hundred finds the old row."""
    stale, rounds = race(urls, 120, "single-flight", "off")

    assert stale >= rounds / 100


@pytest.mark.accept
def test_ten_thousand_races_and_no_stale_read(urls):
    total = [race(urls, 2000, protection, "on") for protection in PROTECTIONS]
    off = race(urls, 600, "single-flight", "off")

    assert sum(rounds for _, rounds in total) >= 9900
    assert sum(stale for stale, _ in total) == 0
    assert off[0] >= off[1] / 100
