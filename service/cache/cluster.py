"""A Redis Cluster: commands in, replies out, bounded in time."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from redis import RedisCluster
from redis.exceptions import (
    AskError,
    ClusterError,
    RedisClusterException,
    ResponseError,
    TryAgainError,
)

from service.cache.wire import UNANSWERED, Command, Late, NoReplyError, options, refusal

# Refusals of a cluster that is moving slots or has lost a primary.
UNAVAILABLE = (ClusterError, AskError, TryAgainError)


class Cluster:
    """A Redis Cluster; its client sends each command to the node that has its key.

    The cluster is asked for its map at the first exchange, so that the service starts without
    its cache.

    Args:
        url: `redis://` or `rediss://`, of any node.
        timeout_seconds: Longest wait for one reply.
    """

    is_cluster = True

    def __init__(self, url: str, timeout_seconds: float) -> None:
        self._url = url
        self._options = options(timeout_seconds)
        self._client: RedisCluster | None = None

    def _connect(self) -> RedisCluster:
        client = self._client
        if client is None:
            client = self._client = RedisCluster.from_url(self._url, **self._options)
        return client

    def exchange(
        self, key: str, commands: Sequence[Command], late: Late | None, *, patient: bool = False
    ) -> list[Any]:
        """Send all commands at once to the nodes that have their keys; see `Connections`.

        A late reply is not read.
        """
        del key, late, patient  # The client finds the key in the commands.
        try:
            pipeline = self._connect().pipeline(transaction=False)  # type: ignore[no-untyped-call]
            for command in commands:
                pipeline.execute_command(*command)
            replies: list[Any] = pipeline.execute(raise_on_error=False)
        except UNANSWERED as error:
            self._forget_map(error)
            raise NoReplyError(str(error)) from error
        return [_reply(reply) for reply in replies]

    def scan(self, pattern: str) -> list[bytes]:
        """List the keys that match, on every primary."""
        try:
            return list(self._connect().scan_iter(match=pattern, count=1000))
        except UNANSWERED as error:
            self._forget_map(error)
            raise NoReplyError(str(error)) from error

    def _forget_map(self, error: Exception) -> None:
        """Ask the node of the URL for the map again if no node of it gives another.

        The client forgets the URL once it has a map, and all nodes may have got new addresses.
        """
        client = self._client
        if client is not None and isinstance(error, RedisClusterException):
            self._client = None
            client.close()

    def open(self, connections: int) -> None:
        """Ask for the map, which the first lookup would wait for; never raises."""
        del connections  # The client connects to each node as it needs to.
        with suppress(*UNANSWERED):
            self._connect()

    def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            self._client.close()


def _reply(reply: object) -> object:
    if isinstance(reply, ResponseError) and not isinstance(reply, UNAVAILABLE):
        return refusal(reply)
    if isinstance(reply, Exception):
        raise NoReplyError(str(reply)) from reply
    return reply
