"""A failover of Redis behind one address, which leaves the old primary as a replica."""

import time

import pytest
import redis

from tests.integration.service.service_processes import clear, look_up, request

pytestmark = [pytest.mark.integration, pytest.mark.exclusive]


@pytest.fixture
def demote(fresh_redis, redis_server):
    """Makes the server of the test a replica of another, which is the primary from then on."""

    def run():
        with redis.Redis.from_url(fresh_redis.url) as client:
            client.replicaof("127.0.0.1", redis_server.port)

    return run


def test_fills_succeed_again_once_the_address_leads_to_the_new_primary(
    service, proxy, demote, redis_server
):
    look_up(service.url, 1)
    demote()
    proxy.heal(redis_server.port)
    began = time.monotonic()
    while look_up(service.url, 2).result != "hit":
        assert time.monotonic() < began + 5
        time.sleep(0.05)

    assert request(service.url, "GET", "/readyz").status == 200
    assert clear(service.url).status == 200


def test_replica_is_not_ready_and_refuses_a_clear_but_lookups_succeed(service, demote):
    look_up(service.url, 1)
    demote()
    cleared = clear(service.url)
    time.sleep(1.1)  # Readiness is answered from a look that is at most a second old.
    ready = request(service.url, "GET", "/readyz")
    looked_up = look_up(service.url, 3)

    assert cleared.status == 503
    assert ready.status == 503
    assert looked_up.status == 200
