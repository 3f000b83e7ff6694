"""Reads Redis' own keyspace statistics."""

from collections.abc import Sequence
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from loadtests.service_under_test.client import ServiceError
from loadtests.service_under_test.conditions import RedisConditions
from loadtests.service_under_test.counters import RedisCounters
from loadtests.service_under_test.memory_limit import USUAL_ENTRY_BYTES, MemoryLimit
from loadtests.service_under_test.urls import without_password


class RedisStatistics:
    """Reads INFO of one Redis server, and the size of an entry; changes no key.

    Args:
        url: redis:// or rediss://.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = redis.Redis.from_url(
            url, socket_timeout=5, socket_connect_timeout=5, retry=Retry(NoBackoff(), 1)
        )

    def counters(self) -> RedisCounters:
        """Return the hits and misses of keys since the server started.

        Raises:
            ServiceError: Redis cannot be reached, or its account may not run INFO.
        """
        stats = self._info("stats")
        return RedisCounters(int(stats["keyspace_hits"]), int(stats["keyspace_misses"]))

    def conditions(self) -> RedisConditions:
        """Return what shows a restart, evictions, and how many use the server.

        Raises:
            ServiceError: Redis cannot be reached, or its account may not run INFO.
        """
        stats = self._info("stats")
        return RedisConditions(
            run_id=str(self._info("server")["run_id"]),
            evicted_keys=int(stats["evicted_keys"]),
            expired_keys=int(stats["expired_keys"]),
            connected_clients=int(self._info("clients")["connected_clients"]),
        )

    def memory_limit(self, ids: Sequence[int]) -> MemoryLimit | None:
        """Return the limit of its memory; None if it has none.

        Args:
            ids: Ids whose entries may be cached, to learn their size.

        Raises:
            ServiceError: Redis cannot be reached, or its account may not run INFO.
        """
        memory = self._info("memory")
        if not memory.get("maxmemory"):
            return None
        policy, used = str(memory["maxmemory_policy"]), int(memory["used_memory"])
        return MemoryLimit(int(memory["maxmemory"]), policy, used, self._entry_bytes(ids))

    def _entry_bytes(self, ids: Sequence[int]) -> int:
        try:
            sizes = (self._client.memory_usage(f"fruit:{each}") for each in ids)
            return next((int(size) for size in sizes if size), USUAL_ENTRY_BYTES)
        except redis.RedisError:  # An account that may run INFO need not be allowed this.
            return USUAL_ENTRY_BYTES

    def version(self) -> str:
        """Return the version of the server.

        Raises:
            ServiceError: Redis cannot be reached, or its account may not run INFO.
        """
        return str(self._info("server")["redis_version"])

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _info(self, section: str) -> dict[str, Any]:
        try:
            info: dict[str, Any] = self._client.info(section)
        except redis.RedisError as error:
            raise ServiceError(
                f"Redis {without_password(self._url)} did not return its statistics: {error}; "
                "pass the Redis of the service as --redis-url, with an account that may run INFO"
            ) from None
        return info
