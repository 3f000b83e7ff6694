"""Asks Redis for its own keyspace statistics."""

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from loadtests.service_under_test.control import ServiceError
from loadtests.service_under_test.counters import RedisCounters
from loadtests.stack.addresses import without_password


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
        """Return hits and misses of keys since the server started.

        Raises:
            ServiceError: It cannot be reached, or may not be asked for INFO.
        """
        try:
            stats = self._client.info("stats")
        except redis.RedisError as error:
            raise ServiceError(
                f"Redis {without_password(self._url)} does not tell its statistics: {error}; give "
                "the service's own as --redis-url, with an account that may ask for INFO"
            ) from None
        return RedisCounters(int(stats["keyspace_hits"]), int(stats["keyspace_misses"]))

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
