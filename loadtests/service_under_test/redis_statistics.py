"""Reads Redis' own keyspace statistics, and limits the memory of a Redis of ours."""

from collections.abc import Mapping, Sequence
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from loadtests.service_under_test.client import ServiceError
from loadtests.service_under_test.conditions import RedisConditions
from loadtests.service_under_test.counters import RedisCounters
from loadtests.service_under_test.memory_limit import INDEX_BYTES, USUAL_ENTRY_BYTES, MemoryLimit
from loadtests.service_under_test.urls import without_password


class RedisStatistics:
    """Reads INFO of one Redis server, and the size of an entry; changes no key.

    `limit_to`, `keep_room` and `lift_limit` change its configuration: they are for a Redis that
    nobody else uses.

    Args:
        url: redis:// or rediss://.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._room: tuple[int, int] | None = None
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
        return MemoryLimit(int(memory["maxmemory"]), policy, used, self.entry_bytes(ids))

    def limit_to(self, entries: int, policy: str, entry_bytes: int) -> MemoryLimit:
        """Limit its memory to a number of entries, and return the limit; see `keep_room`.

        Args:
            entries: How many shall fit.
            policy: maxmemory-policy.
            entry_bytes: MEMORY USAGE of one entry.

        Raises:
            ServiceError: Redis cannot be reached, or its account may not run CONFIG.
        """
        self._configure({"maxmemory-policy": policy})
        self._room = (entries, entry_bytes)
        return self._set_limit(entries, entry_bytes)

    def keep_room(self) -> None:
        """Set the limit anew by what Redis uses beside entries; do nothing without a limit.

        Its buffers for connections count as memory in use, and grow and shrink with the traffic.

        Raises:
            ServiceError: Redis cannot be reached, or its account may not run CONFIG.
        """
        if self._room is not None:
            self._set_limit(*self._room)

    def _set_limit(self, entries: int, entry_bytes: int) -> MemoryLimit:
        memory = self._info("memory")
        held = sum(each["keys"] for each in self._info("keyspace").values())
        beside = int(memory["used_memory"]) - held * (entry_bytes + INDEX_BYTES)
        policy = str(memory["maxmemory_policy"])
        limit = MemoryLimit.for_entries(entries, policy, max(0, beside), entry_bytes)
        self._configure({"maxmemory": limit.max_bytes})
        return limit

    def lift_limit(self) -> None:
        """Let its memory be unlimited.

        Raises:
            ServiceError: Redis cannot be reached, or its account may not run CONFIG.
        """
        self._room = None
        self._configure({"maxmemory": 0})

    def _configure(self, values: Mapping[str, str | int]) -> None:
        try:
            for name, value in values.items():
                self._client.config_set(name, value)
        except redis.RedisError as error:
            raise ServiceError(
                f"Redis {without_password(self._url)} did not take its memory limit: {error}; "
                "leave maxmemory_entries out"
            ) from None

    def entry_bytes(self, ids: Sequence[int]) -> int:
        """Return MEMORY USAGE of the first of these ids that is cached, or a usual one."""
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
