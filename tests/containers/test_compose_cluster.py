"""--profile cluster: lookups use the six nodes and survive the loss of one."""

import collections
import json
import threading
import time

import pytest

from tests.containers.containers import (
    TOKEN,
    Containers,
    ask_prometheus,
    fetch,
    leftovers,
    lookups_by_result,
    require_engine,
    usual_or_free_ports,
    wait_for,
)

pytestmark = [pytest.mark.stack, pytest.mark.accept]
NODES = [f"redis-node-{number}" for number in range(1, 7)]
ITEMS = 600


@pytest.fixture(scope="module")
def stack():
    require_engine()
    assert leftovers() == [], "a stack is up already: docker compose down -v"
    # A long TTL, so that no entry expires between two queries on a busy machine.
    settings = {**usual_or_free_ports(), "TTL_SECONDS": "3600"}
    alone = Containers(settings)
    containers = Containers(settings, profiles=["cluster"])
    try:
        alone.up("--build", "--wait")
        # As in the README: the profile is added to a running stack.
        containers.compose(
            "up", "--detach", "--wait", "--force-recreate", "--no-build", "service", "locust"
        )
        fetch(
            f"{containers.front}/control/catalogue",
            data=json.dumps({"items": ITEMS}).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
            method="PUT",
        )
        yield containers
    finally:
        containers.down()


def ask_redis(stack, node, *words):
    return stack.compose("exec", "-T", node, "redis-cli", *words).strip()


def look_up_all(stack, ids=range(1, ITEMS + 1)):
    url = stack.front
    for number in ids:
        fetch(f"{url}/fruit/{number}")


def test_entries_are_spread_over_three_masters_and_copied_to_three_replicas(stack):
    look_up_all(stack)

    sizes = {node: int(ask_redis(stack, node, "DBSIZE")) for node in NODES}
    masters = [
        node for node in NODES if "role:master" in ask_redis(stack, node, "INFO", "replication")
    ]
    assert len(masters) == 3
    assert sum(sizes[node] for node in masters) == ITEMS
    assert sum(sizes.values()) == 2 * ITEMS
    # 600 keys over three masters make about 200 each.
    assert all(100 < size < 300 for size in sizes.values()), sizes


def test_single_redis_is_not_used(stack):
    assert ask_redis(stack, "redis-svc", "DBSIZE") == "0"


def test_prometheus_scrapes_every_node(stack):
    seen = wait_for(
        lambda: (
            found if len(found := ask_prometheus(stack.prometheus, "redis_up == 1")) == 7 else None
        ),
        30,
        "the nodes in Prometheus",
    )

    assert {labels["instance"] for labels, _ in seen} == {"redis-svc", *NODES}


def test_no_lookup_fails_when_a_master_is_lost_and_its_replica_takes_over(stack):
    url = stack.front
    failed, ended = [], threading.Event()

    def keep_asking():
        number = 0
        while not ended.is_set():
            number = number % ITEMS + 1
            try:
                fetch(f"{url}/fruit/{number}")
            except OSError as error:
                failed.append((number, str(error)))

    asking = threading.Thread(target=keep_asking)
    asking.start()
    try:
        time.sleep(2)
        stack.compose("kill", "redis-node-2")
        wait_for(
            lambda: (
                "cluster_state:ok" in (reply := ask_redis(stack, "redis-node-1", "CLUSTER", "INFO"))
                and "cluster_slots_fail:0" in reply
                and ask_redis(stack, "redis-node-1", "CLUSTER", "NODES").count("master") == 4
            ),
            30,
            "the fail-over",
        )
        before = lookups_by_result(url)
        wait_for(
            lambda: lookups_by_result(url)["hit"] > before["hit"] + 200,
            20,
            "hits after the fail-over",
        )
    finally:
        ended.set()
        asking.join()

    reasons = collections.Counter(reason for _, reason in failed)
    assert not failed, f"{reasons}\n{stack.compose('logs', '--tail', '60', 'service')}"
    # Lookups that could not reach the cache used the store, as bypasses.
    assert lookups_by_result(url)["bypass"] > 0


def test_cluster_forms_again_after_a_stop_and_a_start(stack):
    """Each node gets the next free address, which may differ from the one that the others know."""
    stack.compose("stop", "--timeout", "2")
    stack.compose("start")

    for node in NODES:
        assert "cluster_state:ok" in ask_redis(stack, node, "CLUSTER", "INFO")
    assert json.loads(fetch(f"{stack.front}/readyz"))["ready"]


def test_down_removes_everything(stack):
    stack.down()

    assert leftovers() == []
