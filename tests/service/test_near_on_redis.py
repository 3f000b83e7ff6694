"""Two processes with a near tier each, in front of one Redis: what one writes, the other sees."""

import time

import pytest
import redis

from service.settings import Settings

pytestmark = pytest.mark.integration


@pytest.fixture
def clients(build, redis_server, tmp_path):
    """Clients of two apps around an emptied Redis database of their own."""
    url = redis_server.url.removesuffix("/0") + "/6"
    with redis.Redis.from_url(url) as server:
        server.flushdb()
        settings = Settings(redis_url=url, database_url=f"sqlite:///{tmp_path}/fruit.db")
        clients = [build(settings).test_client() for _ in range(2)]
        clients[0].patch("/control/settings", json={"near_seconds": 60})
        yield clients
        server.flushdb()


def result(client):
    return client.get("/fruit/1").headers["X-Cache"]


def wait_for(client, wanted):
    ends = time.monotonic() + 10
    while (found := result(client)) != wanted:
        assert time.monotonic() < ends, f"{found} after 10 s, not {wanted}"
        time.sleep(0.01)


def quantity(client):
    return client.get("/fruit/1").json["data"]["quantity"]


def test_near_answer_is_a_hit_that_asks_no_redis(clients):
    wait_for(clients[0], "NEAR")
    answer = clients[0].get("/fruit/1")
    assert clients[0].get("/readyz").json["near"] == "in use"

    assert answer.json == {"data": {"id": 1, "name": "apple", "quantity": 100}, "from_cache": True}
    assert answer.headers["Cache-Status"].endswith("; detail=near")
    page = clients[0].get("/metrics?name[]=cacheaside_lookups_total").text
    assert 'result="near"} 0.0' not in page


def test_writer_reads_its_own_write_and_the_other_process_soon(clients):
    for round_of_writes in range(1, 21):
        for client in clients:
            wait_for(client, "NEAR")
        fruit = {"name": "apple", "quantity": round_of_writes}
        assert clients[0].put("/fruit/1", json=fruit).status_code == 200
        assert quantity(clients[0]) == round_of_writes
        ends = time.monotonic() + 0.5
        while quantity(clients[1]) != round_of_writes:
            assert time.monotonic() < ends


def test_cleared_cache_is_empty_near_too(clients):
    wait_for(clients[0], "NEAR")
    clients[0].delete("/control/cache")

    assert result(clients[0]) == "MISS"


def test_near_absence_ends_when_another_process_creates_the_fruit(clients):
    for client in clients:
        for _ in range(2):
            client.get("/fruit/77")
    wait_for(clients[1], "NEAR")
    assert clients[1].get("/fruit/77").headers["X-Cache"] == "NEGATIVE"
    reads = clients[1].get("/metrics?name[]=cacheaside_cache_key_reads_total").text

    assert clients[1].get("/fruit/77").headers["X-Cache"] == "NEGATIVE"
    assert clients[1].get("/metrics?name[]=cacheaside_cache_key_reads_total").text == reads
    created = {"name": "kiwi", "quantity": 1}
    assert clients[0].put("/fruit/77", json=created).status_code in (200, 201)
    ends = time.monotonic() + 0.5
    while clients[1].get("/fruit/77").status_code != 200:
        assert time.monotonic() < ends


def test_near_tier_that_is_switched_off_serves_nothing(clients):
    wait_for(clients[0], "NEAR")
    clients[0].patch("/control/settings", json={"near_seconds": 0})

    assert result(clients[0]) == "HIT"
