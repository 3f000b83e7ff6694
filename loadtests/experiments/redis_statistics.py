"""Asks Redis for its own keyspace statistics."""

import redis

from loadtests.experiments.counters import RedisCounters


class RedisStatistics:
    """Reads INFO of one Redis server; touches no key.

    Args:
        url: redis:// or rediss://.
    """

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)

    def counters(self) -> RedisCounters:
        """Return hits and misses of keys since the server started."""
        stats = self._client.info("stats")
        return RedisCounters(int(stats["keyspace_hits"]), int(stats["keyspace_misses"]))

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
