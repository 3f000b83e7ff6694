"""A lookup: the cache first, the store on a miss or where the cache cannot be asked."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from service.domain.cache import Cache, CacheRead, CacheUnavailableError
from service.domain.expiry import age_seconds, grace_ms
from service.domain.knobs import Knobs, Protection
from service.domain.live_knobs import LiveKnobs
from service.domain.lookup import BypassReason, Lookup, LookupFailedError, LookupResult
from service.domain.observer import Observer
from service.domain.store import StoreUnavailableError
from service.pattern.loads import Loads, PendingInvalidations
from service.pattern.stampede import Stampede, is_stale

# The protections that refresh what they serve.
REFRESHING = frozenset({Protection.EARLY, Protection.STALE})
# When neither answers, the cache is asked again after these pauses.
SECOND_LOOKS_SECONDS = (0.01, 0.02)


class CacheAside:
    """Answers lookups; the cache is an optimisation and never the reason for a failure."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts are joined here
        self,
        cache: Cache,
        loads: Loads,
        stampede: Stampede,
        knobs: LiveKnobs,
        pending: PendingInvalidations,
        observer: Observer,
        *,
        clock: Callable[[], float] = time.perf_counter,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Join the parts."""
        self._cache = cache
        self._loads = loads
        self._stampede = stampede
        self._knobs = knobs
        self._pending = pending
        self._observer = observer
        self._clock = clock
        self._sleep = sleep

    def look_up(self, fruit_id: int) -> Lookup:
        """Answer one lookup, and count it under exactly one result.

        Raises:
            LookupFailedError: Neither the cache nor the store has the answer.
        """
        began = self._clock()
        result = LookupResult.ERROR
        try:
            lookup = self._answer(fruit_id, began)
            result = lookup.result
            return lookup
        finally:
            self._observer.lookup_ended(result, self._clock() - began)

    def _answer(self, fruit_id: int, began: float) -> Lookup:
        knobs = self._knobs.current
        if knobs.ttl_seconds == 0:
            return self._bypass(fruit_id, BypassReason.OFF)
        if self._pending.is_pending(fruit_id):
            return self._bypass(fruit_id, BypassReason.INVALIDATION_PENDING)
        try:
            read = self._cache.read(fruit_id)
            cache_seconds = self._clock() - began
            if read.found:
                return self._served(fruit_id, read, knobs, cache_seconds)
            with self._told(cache_seconds=cache_seconds):
                missed = self._stampede.load(fruit_id, read, began, knobs)
        except CacheUnavailableError:
            return self._without_cache(fruit_id, knobs, began)
        return replace(missed, cache_seconds=cache_seconds)

    def _served(self, fruit_id: int, read: CacheRead, knobs: Knobs, cache_seconds: float) -> Lookup:
        negative, remaining_ms = read.fruit is None, read.remaining_ms
        age = None
        if self._knobs.ages_known():
            age = age_seconds(knobs, remaining_ms, negative=negative)
        if age is not None:
            self._observer.entry_age(age)
        result, refresh, grace = LookupResult.HIT, False, 0
        if knobs.protection in REFRESHING:
            refresh = self._stampede.refresh(fruit_id, read, knobs)
            grace = grace_ms(knobs, negative=negative)
            result = LookupResult.STALE if is_stale(read, knobs) else LookupResult.HIT
        return Lookup(
            read.fruit,
            LookupResult.NEGATIVE if negative else result,
            remaining_seconds=None if remaining_ms < 0 else (remaining_ms - grace) / 1000,
            age_seconds=age,
            cache_seconds=cache_seconds,
            refresh=refresh,
        )

    def _without_cache(self, fruit_id: int, knobs: Knobs, began: float) -> Lookup:
        """Ask the store; where it is away too, look whether the cache only paused."""
        try:
            return self._bypass(fruit_id, BypassReason.UNREACHABLE)
        except LookupFailedError:
            for pause in SECOND_LOOKS_SECONDS:
                self._sleep(pause)
                with suppress(CacheUnavailableError):
                    read = self._cache.read(fruit_id)
                    if read.found and not self._pending.is_pending(fruit_id):
                        return self._served(fruit_id, read, knobs, self._clock() - began)
                    break
            raise

    def _bypass(self, fruit_id: int, reason: BypassReason) -> Lookup:
        with self._told(bypass=reason):
            loaded = self._loads.load(fruit_id)
        return Lookup(
            loaded.fruit,
            LookupResult.BYPASS,
            store_seconds=loaded.store_seconds,
            bypass=reason,
        )

    @contextmanager
    def _told(
        self, *, cache_seconds: float | None = None, bypass: BypassReason | None = None
    ) -> Iterator[None]:
        """Have a load that fails tell of its lookup."""
        began = self._clock()
        try:
            yield
        except StoreUnavailableError as error:
            failed = Lookup(
                None,
                LookupResult.ERROR,
                cache_seconds=cache_seconds,
                store_seconds=self._clock() - began,
                bypass=bypass,
            )
            raise LookupFailedError(str(error), failed) from error
