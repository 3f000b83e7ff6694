"""Faults of Redis, and of the network between it and the services."""

import json
import threading
from collections.abc import Iterator
from functools import partial

from loadtests.stack.faults import server_faults
from tests.drills.knob_control import call, set_knobs
from tests.faults.fault import of_redis
from tests.faults.stage import Stage
from tests.faults.traffic import WARM


def killed(stage: Stage) -> Iterator[None]:
    with server_faults.killed(stage.redis):
        yield


def frozen(stage: Stage) -> Iterator[None]:
    with server_faults.frozen(stage.redis):
        yield


def swallowed(stage: Stage) -> Iterator[None]:
    with server_faults.swallowed(stage.to_redis):
        yield


def slow(stage: Stage) -> Iterator[None]:
    with server_faults.slowed(stage.to_redis, 0.2):
        yield


def reset(stage: Stage) -> Iterator[None]:
    stage.to_redis.cut()
    yield
    stage.to_redis.heal()


def replica(stage: Stage) -> Iterator[None]:
    """Make it a replica of nothing, which answers READONLY as after a failover."""
    with stage.redis_admin() as admin:
        admin.replicaof("127.0.0.1", 1)
        yield
        admin.replicaof("NO", "ONE")


def replica_without_primary(stage: Stage) -> Iterator[None]:
    with stage.redis_admin() as admin:
        admin.config_set("replica-serve-stale-data", "no")
        admin.replicaof("127.0.0.1", 1)
        yield
        admin.replicaof("NO", "ONE")
        admin.config_set("replica-serve-stale-data", "yes")


def killed_beside_a_change(stage: Stage) -> Iterator[None]:
    """Kill it, and change a knob: that is in force in one process, which says so."""
    with server_faults.killed(stage.redis):
        answer = call(stage.urls[0], "PATCH", "/control/settings", {"early_beta": 2})
        assert "in this process only" in answer["warning"]
        yield
    set_knobs(stage.urls, early_beta=1)


def settings_of_no_version(stage: Stage) -> Iterator[None]:
    """Share knobs under a version that Lua cannot count on from; both processes keep theirs."""
    document = {"version": 2**53 - 1, "ages_known_at": 0, "settings": {"ttl_seconds": 5}}
    with stage.redis_admin() as admin:
        admin.set("cacheaside:settings", json.dumps(document), px=60_000)
        yield
    assert {knobs(url)["ttl_seconds"] for url in stage.urls} == {60}
    set_knobs(stage.urls, early_beta=1)


def knobs(url: str) -> dict[str, object]:
    return call(url, "GET", "/control/settings")["settings"]


def wrong_password(stage: Stage) -> Iterator[None]:
    with stage.redis_admin() as admin:
        admin.execute_command("ACL SETUSER default resetpass >another")
        admin.execute_command("CLIENT KILL TYPE normal SKIPME yes")
        yield
        admin.execute_command("ACL SETUSER default nopass")


def no_scripts(stage: Stage) -> Iterator[None]:
    with stage.redis_admin() as admin:
        admin.execute_command("ACL SETUSER default -eval -evalsha -script")
        yield
        admin.execute_command("ACL SETUSER default +@all")


def no_time(stage: Stage) -> Iterator[None]:
    with stage.redis_admin() as admin:
        admin.execute_command("ACL SETUSER default -time")
        yield
        admin.execute_command("ACL SETUSER default +@all")


def repeated(stage: Stage, command: str) -> Iterator[None]:
    """Send it a command every 50 ms."""
    ended = threading.Event()

    def repeat() -> None:
        with stage.redis_admin() as admin:
            while not ended.wait(0.05):
                admin.execute_command(command)

    repeating = threading.Thread(target=repeat)
    repeating.start()
    yield
    ended.set()
    repeating.join()


def full(stage: Stage) -> Iterator[None]:
    with server_faults.redis_filled(stage.redis.url):
        yield


def of_another_type(stage: Stage) -> Iterator[None]:
    with stage.redis_admin() as admin:
        for fruit_id in WARM:
            admin.delete(f"fruit:{fruit_id}")
            admin.lpush(f"fruit:{fruit_id}", "not a string")
        yield


def garbage(stage: Stage) -> Iterator[None]:
    with stage.redis_admin() as admin:
        for fruit_id in WARM:
            admin.set(f"fruit:{fruit_id}", b'{"id": 999, "name": "\xff')
        yield


def no_connections(stage: Stage) -> Iterator[None]:
    with stage.redis_admin() as admin:
        limit = admin.config_get("maxclients")["maxclients"]
        admin.execute_command("CLIENT KILL TYPE normal SKIPME yes")
        admin.config_set("maxclients", 1)
        yield
        admin.config_set("maxclients", limit)


FAULTS = (
    of_redis("Redis is killed (kill -9) and comes back empty", killed, in_short=True),
    of_redis("Redis is killed, and a knob is changed meanwhile", killed_beside_a_change),
    of_redis("Redis is frozen (SIGSTOP)", frozen),
    of_redis("the network swallows all bytes to Redis", swallowed, in_short=True),
    of_redis("replies of Redis are 200 ms late", slow),
    of_redis("connections to Redis are reset", reset),
    of_redis("Redis becomes a read-only replica (READONLY)", replica, in_short=True),
    of_redis("Redis becomes a replica without its primary (MASTERDOWN)", replica_without_primary),
    of_redis("the password of Redis changes (WRONGPASS)", wrong_password),
    of_redis("Redis forbids scripts (NOPERM)", no_scripts),
    of_redis("Redis forbids TIME (NOPERM)", no_time),
    of_redis(
        "Redis is emptied every 50 ms (FLUSHALL)",
        partial(repeated, command="FLUSHALL"),
        in_short=True,
    ),
    of_redis(
        "Redis forgets its scripts every 50 ms (SCRIPT FLUSH)",
        partial(repeated, command="SCRIPT FLUSH"),
    ),
    of_redis("Redis is full and must not evict (OOM)", full),
    of_redis("Redis takes no more connections (maxclients)", no_connections),
    of_redis("entries are of another type (WRONGTYPE)", of_another_type),
    of_redis("entries hold garbage", garbage),
    of_redis("the shared settings have the version 2^53 - 1", settings_of_no_version),
)
