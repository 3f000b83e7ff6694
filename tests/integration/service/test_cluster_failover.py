"""A Redis Cluster that changes under the service: followed in seconds, and no lookup fails."""

import itertools
import os
import signal
import time
from contextlib import contextmanager

import pytest

from loadtests.stack import servers
from tests.conftest import find_or_skip
from tests.drills.drill_report import print_figure
from tests.drills.steady_load import SteadyLoad
from tests.integration.service.redis_cluster import SLOTS, RedisCluster
from tests.integration.service.service_processes import (
    clear,
    look_up,
    request,
    running,
    seen_results,
)

pytestmark = pytest.mark.integration

IDS = range(1, 31)
"""Ids in the slots of every primary."""


@pytest.fixture(scope="module")
def cluster(guardian):
    cluster = RedisCluster(guardian, find_or_skip(servers.REDIS), "cluster")
    cluster.start()
    yield cluster
    cluster.kill()


@pytest.fixture(scope="module")
def service(guardian, cluster, tmp_path_factory):
    database = tmp_path_factory.mktemp("database") / "fruit.db"
    with running(guardian, cluster.url, f"sqlite:///{database}") as (server,):
        body = {"items": len(IDS)}
        assert request(server.url, "PUT", "/control/catalogue", body).status == 200
        seconds_until_well(server)
        yield server


def seconds_until_well(service):
    """Return when every id was hit and the service was ready, in seconds."""
    began = time.monotonic()
    for fruit_id in IDS:
        while look_up(service.url, fruit_id).result != "hit":
            assert time.monotonic() < began + 30
            time.sleep(0.01)
    while request(service.url, "GET", "/readyz").status != 200:
        assert time.monotonic() < began + 30
        time.sleep(0.05)
    return time.monotonic() - began


@contextmanager
def lookups(service):
    """Look up every id in turn while the block runs; no lookup may fail."""
    with SteadyLoad([service.url], itertools.cycle(IDS), 100) as load:
        yield
    seen_results[service.url] += [answer.result for answer in load.answers]
    assert {answer.status for answer in load.answers} == {200}


def test_demoted_primary_is_followed(service, cluster):
    with lookups(service):
        cluster.replica.ask("CLUSTER FAILOVER")
        time.sleep(1)
        took = seconds_until_well(service)
    cluster.first, cluster.replica = cluster.replica, cluster.first

    print_figure(f"CLUSTER FAILOVER: every id is a hit {took:.2f} s later")
    assert took < 4


def test_slots_that_move_are_followed(service, cluster):
    slots = [cluster.second.ask("CLUSTER KEYSLOT", f"fruit:{fruit_id}") for fruit_id in IDS]
    moved = [slot for slot in slots if SLOTS // 3 <= slot < 2 * SLOTS // 3]
    with lookups(service):
        for slot in moved:
            cluster.move_slot(slot, cluster.second, cluster.third)
            time.sleep(0.05)
        took = seconds_until_well(service)

    print_figure(f"{len(moved)} slots moved: every id is a hit {took:.2f} s later")
    assert len(moved) > 3
    assert took < 5


def test_replica_of_a_killed_primary_is_followed(service, cluster):
    with lookups(service):
        cluster.first.kill()
        began = time.monotonic()
        seconds_until_well(service)
        took = time.monotonic() - began

    print_figure(f"primary killed: every id is a hit {took:.2f} s later")
    assert took < 5


def test_frozen_primary_without_a_replica_is_bypassed_and_named(service, cluster):
    with lookups(service):
        os.kill(cluster.third.pid, signal.SIGSTOP)
        time.sleep(2)
        ready, cleared = request(service.url, "GET", "/readyz"), clear(service.url)
        os.kill(cluster.third.pid, signal.SIGCONT)
        took = seconds_until_well(service)

    print_figure(f"primary frozen: every id is a hit {took:.2f} s after it resumed")
    assert ready.status == 503
    assert cleared.status == 503
    assert took < 5
