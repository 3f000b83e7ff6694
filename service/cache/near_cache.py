"""The cache in Redis and its near tier, which forgets this process' own writes at once."""

from service.cache.near_tier import NearTier
from service.cache.redis_cache import RedisCache
from service.cache.redis_calls import RedisCalls
from service.domain.observer import Observer


class NearCache(RedisCache):
    """Redis, and the near tier that hears of its changes first; see `Cache`.

    Args:
        calls: Sends commands to Redis and returns their replies.
        observer: Counts every key read, and poisoned values.
        tier: Forgets what is removed here, so that a client reads its own writes at once.
    """

    def __init__(self, calls: RedisCalls, observer: Observer, tier: NearTier) -> None:
        super().__init__(calls, observer)
        self._tier = tier

    def invalidate(self, fruit_id: int) -> None:
        """Delete an entry in Redis and here, where it goes even if Redis does not answer."""
        try:
            super().invalidate(fruit_id)
        finally:
            self._tier.drop(fruit_id)

    def clear(self) -> int:
        """Delete all entries and leases and return how many Redis had."""
        try:
            return super().clear()
        finally:
            self._tier.drop_all()
