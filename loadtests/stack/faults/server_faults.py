"""Ways to break a server or the network to it; each mends it at the end of its block."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pymysql  # type: ignore[import-untyped]
import redis

from loadtests.stack.faults.tcp_proxy import TcpProxy
from loadtests.stack.private_server import PrivateServer

FEWEST_CONNECTIONS = 10
"""The lowest limit of connections that MariaDB and MySQL accept."""

_ROUNDS = 20  # Of closing the connections of others and taking their places.


@contextmanager
def killed(server: PrivateServer) -> Iterator[None]:
    """Kill a server with SIGKILL; start it again at the end and wait until it answers."""
    server.kill()
    try:
        yield
    finally:
        server.restart()


@contextmanager
def frozen(server: PrivateServer) -> Iterator[None]:
    """Stop a server with SIGSTOP: it accepts connections and never answers."""
    pid = server.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def swallowed(proxy: TcpProxy) -> Iterator[None]:
    """Swallow all bytes to a server and from it, as a black hole in the network does."""
    proxy.swallow()
    try:
        yield
    finally:
        proxy.heal()


@contextmanager
def slowed(proxy: TcpProxy, reply_seconds: float) -> Iterator[None]:
    """Delay every reply of a server, half of the time on the way there and half on the way back."""
    proxy.delay(reply_seconds / 2)
    try:
        yield
    finally:
        proxy.heal()


@contextmanager
def redis_filled(url: str) -> Iterator[None]:
    """Leave Redis no memory and forbid it to evict, so that it refuses to store anything."""
    with redis.Redis.from_url(url, socket_timeout=10) as admin:
        names = ("maxmemory", "maxmemory-policy")
        before = {name: admin.config_get(name)[name] for name in names}
        admin.config_set("maxmemory-policy", "noeviction")
        admin.config_set("maxmemory", "1")
        try:
            yield
        finally:
            for name, value in before.items():
                admin.config_set(name, value)


@contextmanager
def connections_taken(host: str, port: int) -> Iterator[None]:
    """Lower a database's limit of connections, close those of others, and take all places.

    Root signs in without a password, as at a private server.
    """
    with ExitStack() as ours:
        admin = ours.enter_context(_signed_in(host, port)).cursor()
        admin.execute("SELECT @@global.max_connections")
        (limit,) = admin.fetchone()
        admin.execute(f"SET GLOBAL max_connections = {FEWEST_CONNECTIONS}")
        taken = {int(admin.connection.thread_id())}
        try:
            for _ in range(_ROUNDS):
                closed = _close_others(admin, taken)
                with suppress(pymysql.Error):  # No place is left.
                    while True:
                        taken.add(ours.enter_context(_signed_in(host, port)).thread_id())
                if not closed:
                    break
            yield
        finally:
            admin.execute(f"SET GLOBAL max_connections = {int(limit)}")


def _signed_in(host: str, port: int) -> Any:  # noqa: ANN401 - PyMySQL has no types
    return pymysql.connect(host=host, port=port, user="root", connect_timeout=5)


def _close_others(admin: Any, ours: set[int]) -> int:  # noqa: ANN401 - PyMySQL has no types
    """Close the connections of all clients but ours; return how many they were."""
    admin.execute(
        "SELECT id FROM information_schema.processlist WHERE command <> 'Daemon' AND user"
        " NOT IN ('system user', 'event_scheduler')"
    )
    others = [int(number) for (number,) in admin.fetchall() if number not in ours]
    for number in others:
        with suppress(pymysql.Error):  # It ended meanwhile.
            admin.execute(f"KILL {number}")
    return len(others)
