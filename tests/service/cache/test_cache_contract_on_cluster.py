"""The contract of the cache on a Redis Cluster of one node, and what a cluster alone refuses."""

import pytest
import redis

from loadtests.stack import servers
from loadtests.stack.faults.tcp_proxy import TcpProxy
from loadtests.stack.redis_server import RedisServer
from service.assembly import connect
from service.cache.redis_cache import RedisCache
from service.cache.redis_calls import RedisCalls
from service.cache.wire import NoReplyError, Refusal
from service.guards.breaker import Breaker
from tests.integration.service.redis_cluster import has_free_bus, wait_until
from tests.service.cache import test_cache_contract_on_redis as on_redis

pytestmark = [pytest.mark.integration, pytest.mark.contract]

SLOTS = 16_384

fill_up = on_redis.fill_up
observer = on_redis.observer


class ClusterServer(RedisServer):
    """The only node of a cluster, which has every slot."""

    def command(self):
        file = str(self.folder / f"{self.name}.conf")
        return [
            *super().command(),
            *("--cluster-enabled", "yes"),
            "--cluster-config-file",
            file,
        ]


def wait_until_ok(admin):
    wait_until(lambda: admin.execute_command("CLUSTER INFO")["cluster_state"] == "ok")


def start_node(guardian, name):
    while True:
        server = ClusterServer(guardian, servers.find_or_unpack(servers.REDIS), name)
        if has_free_bus(server.port):
            break
    server.start()
    server.wait_ready()
    with redis.Redis(port=server.port) as admin:
        admin.execute_command("CLUSTER ADDSLOTS", *range(SLOTS))
        wait_until_ok(admin)
    return server


@pytest.fixture(scope="module")
def node(guardian, require_servers):
    del require_servers
    server = start_node(guardian, "cluster-node")
    yield server
    server.kill()


@pytest.fixture
def client(node):
    with redis.Redis(port=node.port) as client:
        client.flushall()
        yield client


@pytest.fixture
def connections(node, client):  # noqa: ARG001 - the node is emptied first
    connections = connect(f"redis+cluster://127.0.0.1:{node.port}", 0.1, Breaker(bool, bool))
    yield connections
    connections.close()


@pytest.fixture
def cache(connections, observer):
    breaker = Breaker(lambda: True, lambda _: None)
    return RedisCache(RedisCalls(connections, breaker, observer), observer)


class TestRedisCacheOnCluster(on_redis.TestRedisCache):
    pass


def test_refusal_of_a_command_is_returned_and_not_raised(connections, client):
    client.rpush("fruit:1", "a")
    (reply,) = connections.exchange("fruit:1", [("GET", "fruit:1")], None)

    assert isinstance(reply, Refusal)


def test_cluster_that_lost_a_slot_does_not_reply(connections, client):
    client.execute_command("CLUSTER DELSLOTS", *range(SLOTS))
    try:
        with pytest.raises(NoReplyError):
            connections.exchange("fruit:1", [("GET", "fruit:1")], None)
    finally:
        client.execute_command("CLUSTER ADDSLOTS", *range(SLOTS))
        wait_until_ok(client)


def test_cluster_that_is_away_does_not_reply_and_opening_it_does_not_raise():
    connections = connect("redis+cluster://127.0.0.1:1", 0.1, Breaker(bool, bool))
    connections.open(4)
    with pytest.raises(NoReplyError):
        connections.exchange("k", [("GET", "k")], None)
    with pytest.raises(NoReplyError):
        connections.scan("fruit:*")
    connections.close()


def test_cluster_whose_nodes_all_have_new_addresses_is_found_by_its_url(guardian, require_servers):
    del require_servers
    before = start_node(guardian, "cluster-before")
    with TcpProxy(before.port) as proxy:
        connections = connect(f"redis+cluster://127.0.0.1:{proxy.port}", 0.1, Breaker(bool, bool))
        assert connections.exchange("k", [("GET", "k")], None) == [None]
        after = start_node(guardian, "cluster-after")
        before.kill()
        proxy.heal(after.port)
        with pytest.raises(NoReplyError):
            connections.exchange("k", [("GET", "k")], None)

        assert connections.exchange("k", [("GET", "k")], None) == [None]
        connections.close()
    after.kill()
