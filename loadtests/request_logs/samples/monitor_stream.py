"""What a running Redis is asked, by its MONITOR command."""

import re
import time
from collections.abc import Iterator
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from loadtests.request_logs.source import LogError

_WAIT_SECONDS = 0.5
_REPLICA = re.compile(r"slave\d+")
NOT_REDIS = (redis.RedisError, TypeError, ValueError, AttributeError)
"""What its client raises; not all of it is meant for a server whose replies are odd ones."""


class MonitoredRedis:
    """A Redis whose commands are watched; changes no key.

    Args:
        url: redis:// or rediss://.

    Attributes:
        database: The number of the database that the URL names.
    """

    def __init__(self, url: str) -> None:
        try:
            self._client = redis.Redis.from_url(
                url,
                protocol=2,
                socket_timeout=5,
                socket_connect_timeout=5,
                retry=Retry(NoBackoff(), 0),
            )
        except ValueError as error:
            shown = url.rpartition("@")[2]  # User name and password stand before it.
            raise LogError(
                f"--redis-url must be redis://HOST:PORT/DATABASE, got {shown!r}: {error}; such as"
                " redis://127.0.0.1:6379/0"
            ) from None
        self.database = int(self._client.get_connection_kwargs().get("db") or 0)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def commands_per_second(self) -> int:
        """Return how many commands the server runs per second at present.

        Raises:
            LogError: It cannot be reached.
        """
        return self._number("stats", "instantaneous_ops_per_sec")

    def replicas(self) -> list[str]:
        """Return the addresses of its replicas that are online.

        Raises:
            LogError: It cannot be reached.
        """
        replication = self._info("replication")
        found = [each for name, each in replication.items() if _REPLICA.fullmatch(name)]
        return [
            f"{each.get('ip')}:{each.get('port')}"
            for each in found
            if isinstance(each, dict) and each.get("state") == "online"
        ]

    def reads(self) -> int:
        """Return how many keys commands have read since the server started.

        Raises:
            LogError: It cannot be reached.
        """
        return self._number("stats", "keyspace_hits") + self._number("stats", "keyspace_misses")

    def lines(self, seconds: float) -> Iterator[str]:
        """Yield MONITOR's lines for some seconds, and an empty one now and then while it is idle.

        Raises:
            LogError: Redis cannot be reached or refuses MONITOR.
        """
        ends = time.monotonic() + seconds
        try:
            with self._client.monitor() as monitor:  # type: ignore[no-untyped-call]
                connection = monitor.connection
                while time.monotonic() < ends:
                    if connection.can_read(timeout=_WAIT_SECONDS):
                        yield _text(connection.read_response())
                    else:
                        yield ""
        except NOT_REDIS as error:
            raise LogError(f"Redis cannot be watched: {error}") from None

    def _number(self, section: str, name: str) -> int:
        value = self._info(section).get(name)
        if not isinstance(value, int):
            raise LogError(f"Redis does not tell {name} in INFO; name a server that does")
        return value

    def _info(self, section: str) -> dict[str, Any]:
        try:
            return dict(self._client.info(section))
        except NOT_REDIS as error:
            raise LogError(f"Redis cannot be asked: {error}; check --redis-url") from None


def _text(reply: object) -> str:
    return reply.decode("utf-8", "surrogateescape") if isinstance(reply, bytes) else str(reply)
