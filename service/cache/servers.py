"""One server or a cluster: which of both a URL names, and the cache in front of either."""

from collections.abc import Callable

from service.cache.cluster import Cluster
from service.cache.near_cache import NearCache
from service.cache.near_listener import NearListener
from service.cache.near_tier import NearTier
from service.cache.redis_cache import RedisCache
from service.cache.redis_calls import RedisCalls
from service.cache.single_server import SingleServer
from service.cache.wire import Breaker, Connections
from service.domain.observer import Observer


def connect(url: str, timeout_seconds: float, breaker: Breaker) -> Connections:
    """Return the connections to the Redis of a URL; sends nothing yet.

    Args:
        url: `redis://` or `rediss://`, with `+cluster` before the colon for a cluster.
        timeout_seconds: Longest wait for one reply.
        breaker: Ends the waits for a single server when it opens.
    """
    scheme, _, rest = url.partition("://")
    if not scheme.endswith("+cluster"):
        return SingleServer(url, timeout_seconds, breaker)
    return Cluster(f"{scheme.removesuffix('+cluster')}://{rest}", timeout_seconds)


def cache_with_near(
    connections: Connections,
    calls: RedisCalls,
    observer: Observer,
    is_wanted: Callable[[], bool],
) -> tuple[RedisCache, NearTier | None, NearListener | None]:
    """Return the cache; in front of a single server also its near tier and who listens for it.

    Args:
        connections: Reach Redis.
        calls: Use them.
        observer: Notified by the cache.
        is_wanted: Returns whether the near tier is in use.
    """
    if not isinstance(connections, SingleServer):
        return RedisCache(calls, observer), None, None
    tier = NearTier()
    listener = NearListener(connections.make, tier, is_wanted)
    return NearCache(calls, observer, tier), tier, listener
