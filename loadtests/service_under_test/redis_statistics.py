"""Reads Redis' own keyspace statistics."""

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from loadtests.service_under_test.client import ServiceError
from loadtests.service_under_test.counters import RedisCounters
from loadtests.service_under_test.urls import without_password


class RedisStatistics:
    """Reads INFO of one Redis server; touches no key.

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
        try:
            stats = self._client.info("stats")
        except redis.RedisError as error:
            raise ServiceError(
                f"Redis {without_password(self._url)} did not return its statistics: {error}; "
                "pass the Redis of the service as --redis-url, with an account that may run INFO"
            ) from None
        return RedisCounters(int(stats["keyspace_hits"]), int(stats["keyspace_misses"]))

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
