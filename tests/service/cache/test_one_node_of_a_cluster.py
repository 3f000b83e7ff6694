"""A URL that leads to one node of a cluster, without the scheme of a cluster."""

import subprocess

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from loadtests.stack import servers
from loadtests.stack.ports import free_port
from service.settings import Settings
from tests.conftest import find_or_skip
from tests.integration.service.redis_cluster import has_free_bus, wait_until

pytestmark = pytest.mark.integration

SLOTS = 16_384


def low_port():
    """Return a free port whose number leaves room for the cluster's own, 10,000 above."""
    while not has_free_bus(port := free_port()):
        pass
    return port


def answers(client):
    try:
        return client.ping()
    except redis.ConnectionError:
        return False


def is_formed(client):
    info = client.cluster("INFO")
    return (info["cluster_state"], info["cluster_size"]) == ("ok", "2")


@pytest.fixture
def nodes(tmp_path):
    """The ports of two primaries that share the slots."""
    program = find_or_skip(servers.REDIS)
    ports, started, clients = [low_port(), low_port()], [], []
    for port in ports:
        (folder := tmp_path / str(port)).mkdir()
        command = [program.path, "--port", str(port), "--cluster-enabled", "yes", "--save", ""]
        started.append(subprocess.Popen([*command, "--dir", folder], stdout=subprocess.DEVNULL))
        clients.append(redis.Redis("127.0.0.1", port, retry=Retry(NoBackoff(), 0)))
    try:
        for client, first in zip(clients, (0, SLOTS // 2), strict=True):
            wait_until(lambda client=client: answers(client))
            client.cluster("ADDSLOTS", *range(first, first + SLOTS // 2))
        clients[0].cluster("MEET", "127.0.0.1", ports[1])
        wait_until(lambda: all(is_formed(client) for client in clients))
        yield ports
    finally:
        for client, one in zip(clients, started, strict=True):
            client.close()
            one.kill()
            one.wait()


def test_node_is_not_ready_and_the_way_out_is_said(build, nodes, tmp_path):
    said = []
    for port in nodes:
        settings = Settings(
            redis_url=f"redis://127.0.0.1:{port}/0", database_url=f"sqlite:///{tmp_path}/fruit.db"
        )
        client = build(settings).test_client()
        assert client.get("/fruit/1").status_code == 200
        said.append(client.get("/readyz"))
    whole = Settings(
        redis_url=f"redis+cluster://127.0.0.1:{nodes[0]}",
        database_url=f"sqlite:///{tmp_path}/fruit.db",
    )
    client = build(whole).test_client()
    # One of the two nodes alone may have stored fruit 1.
    results = [client.get("/fruit/2").headers["X-Cache"] for _ in range(2)]

    assert [answer.status_code for answer in said] == [503, 503]
    for answer in said:
        assert "redis+cluster://" in answer.json["checks"]["redis"]
    assert results == ["MISS", "HIT"]
    assert client.get("/readyz").status_code == 200
