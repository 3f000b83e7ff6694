"""Connections to one Redis or a Redis Cluster: commands in, replies out, bounded in time."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from redis import ConnectionPool, RedisCluster
from redis.backoff import NoBackoff
from redis.exceptions import (
    AskError,
    AuthenticationError,
    BusyLoadingError,
    ClusterError,
    MasterDownError,
    NoScriptError,
    RedisClusterException,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import (
    TimeoutError as RedisTimeoutError,
)
from redis.retry import Retry

from service.cache.late_replies import LateReplies
from service.cache.reply_patience import Patience
from service.cache.wire import Command, Connections, Late, NoReplyError, Refusal

# A hanging Redis that goes on by then has its late replies counted.
LATE_SECONDS = 30.0
# How often one who waits looks whether somebody else has found that Redis hangs.
LOOK_SECONDS = 0.005
# Above all threads and refreshes there can be, and the late replies of a hanging Redis: who
# waits, waits for Redis. redis-py's own bound is 100.
MOST_CONNECTIONS = 8192

# What ends an exchange, a refusal while a connection is made included.
UNANSWERED = (RedisError, RedisClusterException, OSError)
# Refusals that are no answers: of a cluster that is moving or has lost a primary.
NO_ANSWERS = (ClusterError, AskError, TryAgainError)


class SingleRedis:
    """One Redis server."""

    def __init__(self, url: str, timeout_seconds: float, *, hangs: Callable[[], bool]) -> None:
        """Prepare connections to a server; none is made yet.

        Args:
            url: `redis://` or `rediss://`.
            timeout_seconds: Longest wait for one reply; shorter while replies are fast.
            hangs: Tells that Redis was found to hang. Who waits then waits no longer; who
                asks nevertheless, as a probe does, waits for the full time.
        """
        self._pool = ConnectionPool.from_url(url, **_options(timeout_seconds))
        self._hangs = hangs
        self._longest_seconds = timeout_seconds
        self._patience = Patience(timeout_seconds)
        self._late = LateReplies()

    def exchange(
        self, key: str, commands: Sequence[Command], late: Late | None, *, patient: bool = False
    ) -> list[Any]:
        """Send all commands at once; see `Connections`."""
        del key
        gives_up = None if patient or self._hangs() else self._hangs
        try:
            connection: Any = self._pool.get_connection()
        except UNANSWERED as error:
            raise NoReplyError(str(error)) from error
        began, replies = time.monotonic(), list[Any]()
        try:
            connection.send_packed_command(connection.pack_commands(commands))
            wait = self._longest_seconds if patient else self._patience.seconds()
            self._read(connection, replies, len(commands), wait, gives_up)
        except UNANSWERED as error:
            if isinstance(error, RedisTimeoutError) and late is not None:
                self._late.adopt(partial(self._read_on, connection, replies, len(commands), late))
                connection = None
            raise NoReplyError(str(error)) from error
        finally:
            self._patience.took(time.monotonic() - began)
            if connection is not None:
                self._let_go(connection, broken=len(replies) < len(commands))
        return replies

    def _read(
        self,
        connection: Any,  # noqa: ANN401 - redis-py has no type for it
        replies: list[Any],
        wanted: int,
        seconds: float,
        gives_up: Callable[[], bool] | None,
    ) -> None:
        ends = time.monotonic() + seconds
        while len(replies) < wanted:
            left = max(0.001, ends - time.monotonic())
            wait = left if gives_up is None else min(left, LOOK_SECONDS)
            try:
                replies.append(_reply(connection, wait))
            except RedisTimeoutError:
                if gives_up is None or wait == left or gives_up():
                    raise

    def _read_on(self, connection: Any, replies: list[Any], wanted: int, late: Late) -> None:  # noqa: ANN401
        try:
            self._read(connection, replies, wanted, LATE_SECONDS, None)
        except UNANSWERED:
            return
        else:
            late(replies)
        finally:
            self._let_go(connection, broken=True)

    def _let_go(self, connection: Any, *, broken: bool) -> None:  # noqa: ANN401
        if broken:
            connection.disconnect()
        self._pool.release(connection)

    def scan(self, pattern: str) -> list[bytes]:
        """List the keys that match."""
        keys: list[bytes] = []
        cursor: bytes | int = 0
        while True:
            scan = ("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
            (reply,) = self.exchange("", [scan], None, patient=True)
            if isinstance(reply, Refusal):
                raise NoReplyError(reply.reason)
            cursor, found = reply
            keys += found
            if cursor in (0, b"0"):
                return keys

    def close(self) -> None:
        """Close all connections."""
        self._pool.disconnect()


class RedisNodes:
    """A Redis Cluster; the client sends each command to the node that has its key."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        """Prepare for a cluster of which one node is known.

        The cluster is asked for its map at the first exchange, not here: a service starts
        without its cache.

        Args:
            url: `redis://` or `rediss://`, of any node.
            timeout_seconds: Longest wait for one reply.
        """
        self._url = url
        self._options = _options(timeout_seconds)
        self._cluster: RedisCluster | None = None

    def _nodes(self) -> RedisCluster:
        if self._cluster is None:
            self._cluster = RedisCluster.from_url(self._url, **self._options)
        return self._cluster

    def exchange(
        self, key: str, commands: Sequence[Command], late: Late | None, *, patient: bool = False
    ) -> list[Any]:
        """Send all commands at once to the nodes that have their keys; see `Connections`.

        What comes late from a node of a cluster is not read.
        """
        del key, late, patient  # the client finds the key in the commands
        try:
            pipeline = self._nodes().pipeline(transaction=False)  # type: ignore[no-untyped-call]
            for command in commands:
                pipeline.execute_command(*command)
            replies: list[Any] = pipeline.execute(raise_on_error=False)
        except UNANSWERED as error:
            raise NoReplyError(str(error)) from error
        for reply in replies:
            if isinstance(reply, Exception) and not _is_refusal(reply):
                raise NoReplyError(str(reply)) from reply
        return [_refusal(reply) if isinstance(reply, ResponseError) else reply for reply in replies]

    def scan(self, pattern: str) -> list[bytes]:
        """List the keys that match, on every primary."""
        try:
            return list(self._nodes().scan_iter(match=pattern, count=1000))
        except UNANSWERED as error:
            raise NoReplyError(str(error)) from error

    def close(self) -> None:
        """Close all connections."""
        if self._cluster is not None:
            self._cluster.close()


def _reply(connection: Any, timeout_seconds: float) -> Any:  # noqa: ANN401 - redis-py has no type for it
    try:
        return connection.read_response(timeout=timeout_seconds, disconnect_on_error=False)
    except (BusyLoadingError, MasterDownError, AuthenticationError):
        raise
    except ResponseError as error:
        return _refusal(error)


def _is_refusal(error: Exception) -> bool:
    return isinstance(error, ResponseError) and not isinstance(error, NO_ANSWERS)


def _refusal(error: ResponseError) -> Refusal:
    return Refusal(str(error), isinstance(error, NoScriptError))


def _options(timeout_seconds: float) -> dict[str, Any]:
    # redis-py's own defaults (5 s, ten retries) would hold a lookup for most of a minute.
    return {
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": max(timeout_seconds, 0.1),
        "retry": Retry(NoBackoff(), 0),
        "driver_info": None,
        "socket_keepalive": True,
        "max_connections": MOST_CONNECTIONS,
        "protocol": 2,
    }


def connect(
    url: str, timeout_seconds: float, *, hangs: Callable[[], bool] = lambda: False
) -> Connections:
    """Give what reaches the Redis of a URL; sends nothing yet.

    Args:
        url: `redis://`, `rediss://`, or with `+cluster` before the colon one node of a cluster.
        timeout_seconds: Longest wait for one reply.
        hangs: Tells that Redis was found to hang; one server only, see `SingleRedis`.
    """
    scheme, _, rest = url.partition("://")
    if not scheme.endswith("+cluster"):
        return SingleRedis(url, timeout_seconds, hangs=hangs)
    return RedisNodes(f"{scheme.removesuffix('+cluster')}://{rest}", timeout_seconds)
