"""Faults by name: what is told to whom, and that everything is mended also after an error."""

import pytest
import redis

from loadtests.stack.compose import ComposeStack
from loadtests.stack.faults import server_faults
from loadtests.stack.faults.drill_faults import DRILL_FAULTS
from loadtests.stack.guardian import StackError
from loadtests.stack.local import LocalStack

BY_NAME = {fault.name: fault for fault in DRILL_FAULTS}


class Noted:
    """Stands for a server, a proxy or a stack in compose; notes what it is told."""

    def __init__(self):
        self.told = []

    def __getattr__(self, word):
        return lambda *details: self.told.append((word, *details))


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        (server_faults.killed, [("kill",), ("restart",)]),
        (server_faults.swallowed, [("swallow",), ("heal",)]),
        (lambda proxy: server_faults.slowed(proxy, 0.2), [("delay", 0.1), ("heal",)]),
    ],
    ids=["killed", "swallowed", "slowed"],
)
def test_fault_is_mended_also_when_its_block_fails(cause, told):
    broken = Noted()

    with pytest.raises(KeyboardInterrupt), cause(broken):
        raise KeyboardInterrupt

    assert broken.told == told


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("redis-kill", [("kill", "redis-svc"), ("start", "redis-svc")]),
        ("redis-freeze", [("pause", "redis-svc"), ("unpause", "redis-svc")]),
        ("store-kill", [("kill", "mysql-svc"), ("start", "mysql-svc")]),
        ("store-freeze", [("pause", "mysql-svc"), ("unpause", "mysql-svc")]),
    ],
)
def test_container_is_broken_and_mended_by_docker(monkeypatch, name, told):
    stack, notes = ComposeStack(["service"]), Noted()
    monkeypatch.setattr(stack, "_compose", notes.compose)

    with BY_NAME[name].on(stack):
        assert notes.told == [("compose", *told[0])]

    assert notes.told == [("compose", *words) for words in told]


def test_fault_of_the_network_is_refused_in_compose():
    with (
        pytest.raises(StackError, match="redis-slow needs the local stack; leave --compose out"),
        BY_NAME["redis-slow"].on(ComposeStack(["service"])),
    ):
        pass


def test_fault_of_a_database_server_is_refused_for_sqlite():
    with (
        pytest.raises(StackError, match="install MariaDB or MySQL"),
        BY_NAME["store-kill"].on(LocalStack(database="sqlite")),
    ):
        pass


def test_redis_that_cannot_be_reached_is_named_as_a_fault_that_cannot_be_caused(free_port):
    stack = ComposeStack(["service"])
    stack.redis_url = f"redis://127.0.0.1:{free_port}/0"

    with (
        pytest.raises(StackError, match="redis-fill-up cannot be caused or undone") as raised,
        BY_NAME["redis-fill-up"].on(stack),
    ):
        pass

    assert isinstance(raised.value.__cause__, redis.RedisError)


def test_every_kind_of_fault_is_known_for_redis_and_for_the_store():
    kinds = ("kill", "freeze", "slow", "black-hole", "fill-up")

    assert [fault.name for fault in DRILL_FAULTS] == [
        f"{server}-{kind}" for server in ("redis", "store") for kind in kinds
    ]
    assert all(fault.of_store == fault.name.startswith("store") for fault in DRILL_FAULTS)
