"""The faults that a drill knows by name, and how each is caused on a local stack or in compose."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pymysql  # type: ignore[import-untyped]
import redis

from loadtests.stack.compose import ComposeStack
from loadtests.stack.faults import server_faults
from loadtests.stack.faults.tcp_proxy import TcpProxy
from loadtests.stack.guardian import StackError
from loadtests.stack.local import LocalStack
from loadtests.stack.mariadb_server import MariadbServer

REPLY_SECONDS = 0.2
"""How late the replies of a slow server are."""

REDIS_CONTAINER, STORE_CONTAINER = "redis-svc", "mysql-svc"


@dataclass(frozen=True, slots=True)
class DrillFault:
    """One fault.

    Attributes:
        name: As on the command line.
        about: What happens, for people.
        on_local: Causes it on a local stack while the block runs.
        on_compose: Causes it in compose; None where it cannot.
        proxied: Whether the service must reach its servers through proxies.
        of_store: Whether it is the database that breaks.
    """

    name: str
    about: str
    on_local: Callable[[LocalStack], AbstractContextManager[None]]
    on_compose: Callable[[ComposeStack], AbstractContextManager[None]] | None = None
    proxied: bool = False
    of_store: bool = False

    @contextmanager
    def on(self, stack: LocalStack | ComposeStack) -> Iterator[None]:
        """Cause it while the block runs.

        Raises:
            StackError: It cannot be caused on this stack, or not be undone.
        """
        try:
            with self._cause(stack):
                yield
        except (redis.RedisError, pymysql.Error) as error:
            raise StackError(f"{self.name} cannot be caused or undone: {error}") from error

    def _cause(self, stack: LocalStack | ComposeStack) -> AbstractContextManager[None]:
        if isinstance(stack, LocalStack):
            return self.on_local(stack)
        if self.on_compose is None:
            raise StackError(f"{self.name} needs the local stack; leave --compose out")
        return self.on_compose(stack)


def _store(stack: LocalStack) -> MariadbServer:
    if stack.database is None:
        raise StackError(
            "SQLite is a file, which cannot break like a server; install MariaDB or MySQL"
        )
    return stack.database


def _network(proxy: TcpProxy | None) -> TcpProxy:
    if proxy is None:
        raise StackError("the service does not reach this server through a proxy")
    return proxy


@contextmanager
def _told(stack: ComposeStack, container: str, breaks: str, mends: str) -> Iterator[None]:
    """Have Docker do one thing to a container, and another at the end."""
    stack.tell(breaks, container)
    try:
        yield
    finally:
        stack.tell(mends, container)


def _redis_filled(stack: LocalStack | ComposeStack) -> AbstractContextManager[None]:
    if stack.redis_url is None:
        raise StackError("Redis cannot be reached directly")
    return server_faults.redis_filled(stack.redis_url)


DRILL_FAULTS = (
    DrillFault(
        "redis-kill",
        "Redis is killed and comes back empty",
        lambda stack: server_faults.killed(stack.redis),
        lambda stack: _told(stack, REDIS_CONTAINER, "kill", "start"),
    ),
    DrillFault(
        "redis-freeze",
        "Redis is frozen: it accepts connections and never answers",
        lambda stack: server_faults.frozen(stack.redis),
        lambda stack: _told(stack, REDIS_CONTAINER, "pause", "unpause"),
    ),
    DrillFault(
        "redis-slow",
        f"every reply of Redis comes {REPLY_SECONDS * 1000:.0f} ms late",
        lambda stack: server_faults.slowed(_network(stack.to_redis), REPLY_SECONDS),
        proxied=True,
    ),
    DrillFault(
        "redis-black-hole",
        "the network swallows all bytes to and from Redis",
        lambda stack: server_faults.swallowed(_network(stack.to_redis)),
        proxied=True,
    ),
    DrillFault(
        "redis-fill-up",
        "Redis is full and must not evict: it refuses to store",
        _redis_filled,
        _redis_filled,
    ),
    DrillFault(
        "store-kill",
        "the database is killed and comes back",
        lambda stack: server_faults.killed(_store(stack)),
        lambda stack: _told(stack, STORE_CONTAINER, "kill", "start"),
        of_store=True,
    ),
    DrillFault(
        "store-freeze",
        "the database is frozen: it accepts connections and never answers",
        lambda stack: server_faults.frozen(_store(stack)),
        lambda stack: _told(stack, STORE_CONTAINER, "pause", "unpause"),
        of_store=True,
    ),
    DrillFault(
        "store-slow",
        f"every reply of the database comes {REPLY_SECONDS * 1000:.0f} ms late",
        lambda stack: server_faults.slowed(_network(stack.to_database), REPLY_SECONDS),
        proxied=True,
        of_store=True,
    ),
    DrillFault(
        "store-black-hole",
        "the network swallows all bytes to and from the database",
        lambda stack: server_faults.swallowed(_network(stack.to_database)),
        proxied=True,
        of_store=True,
    ),
    DrillFault(
        "store-fill-up",
        "others hold every connection that the database allows",
        lambda stack: server_faults.connections_taken("127.0.0.1", _store(stack).port),
        of_store=True,
    ),
)
