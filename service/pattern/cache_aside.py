"""A lookup: the cache first, the store on a miss or when the cache cannot be asked."""

from collections.abc import Callable, Container
from contextlib import suppress

from service.domain.cache import Cache, CacheRead, CacheUnavailableError
from service.domain.expiry import grace_ms
from service.domain.knobs import Fencing, Knobs, Protection
from service.domain.live_knobs import LiveKnobs
from service.domain.lookup import BypassReason, Lookup, LookupFailedError, LookupResult
from service.domain.near import Near
from service.domain.observer import Observer
from service.domain.store import StoreUnavailableError
from service.pattern.loads import PLACES, Loads
from service.pattern.shadow_reads import ShadowReads
from service.pattern.stampede import Stampede

# The protections that refresh what they serve.
REFRESHING = frozenset({Protection.EARLY, Protection.STALE})
# When neither answers, the cache is asked again after these pauses.
RETRY_PAUSES_SECONDS = (0.01, 0.02)


class CacheAside:
    """Answers lookups; the cache is an optimisation and never the reason for a failure.

    Args:
        cache: Asked first.
        loads: Reads the store.
        stampede: Loads misses and refreshes hits under the protection in force.
        shadow: Reads some hits again.
        knobs: What is in force.
        pending: The fruit whose invalidation is pending, so that their entries may be old.
        observer: Notified of every lookup.
        near: Asked before the cache while the knobs say so; None where there is none.
        clock: Monotonic seconds, the same as the single flights' and the near tier's.
        sleep: Waits between retries.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts are joined here
        self,
        cache: Cache,
        loads: Loads,
        stampede: Stampede,
        shadow: ShadowReads,
        knobs: LiveKnobs,
        pending: Container[int],
        observer: Observer,
        *,
        near: Near | None,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._cache = cache
        self._near = near
        self._loads = loads
        self._ends = loads.ends
        self._stampede = stampede
        self._shadow = shadow
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
        result, age = LookupResult.ERROR, None
        try:
            lookup = self._look_up(fruit_id, began)
            result, age = lookup.result, lookup.age_seconds
            return lookup
        finally:
            self._observer.lookup_ended(result, self._clock() - began, age)

    def _look_up(self, fruit_id: int, began: float) -> Lookup:
        knobs = self._knobs.current
        if knobs.ttl_seconds == 0:
            return self._bypass(fruit_id, BypassReason.OFF)
        if fruit_id in self._pending:
            return self._bypass(fruit_id, BypassReason.INVALIDATION_PENDING)
        near, mark = self._near if knobs.near_seconds else None, 0
        if near is not None:
            mark, kept = near.mark(fruit_id), near.find(fruit_id)
            if kept is not None:
                return self._serve(fruit_id, kept, knobs, self._clock() - began, LookupResult.NEAR)
        try:
            if 0 < self._ends[fruit_id % PLACES] <= began and knobs.fencing is Fencing.ON:
                read = self._read_ended(fruit_id, began)
            else:
                read = self._cache.read(fruit_id)
            cache_seconds = self._clock() - began
            if read.found:
                if near is not None:
                    near.keep(fruit_id, read, mark, began, knobs)
                return self._serve(fruit_id, read, knobs, cache_seconds)
            return self._stampede.load(fruit_id, read, began, cache_seconds, knobs)
        except CacheUnavailableError:
            return self._look_up_without_cache(fruit_id, knobs, began)
        except StoreUnavailableError as error:
            store_seconds = self._clock() - began - cache_seconds
            raise _failed(error, store_seconds, cache_seconds=cache_seconds) from error

    def _read_ended(self, fruit_id: int, began: float) -> CacheRead:
        """Read an entry of this process whose TTL is over, so that a miss is to be expected."""
        read = self._cache.read_ended(fruit_id)
        if read.generation is None:  # Another process has written it again.
            ms = read.remaining_ms
            self._ends[fruit_id % PLACES] = began + ms / 1000 if ms > 0 else 0.0
        return read

    def _serve(
        self,
        fruit_id: int,
        read: CacheRead,
        knobs: Knobs,
        cache_seconds: float,
        found: LookupResult = LookupResult.HIT,
    ) -> Lookup:
        negative, remaining_ms, live = read.fruit is None, read.remaining_ms, self._knobs
        age, full_ms = None, live.full_ttls_ms[negative]
        unix_seconds = live.clock_began_at + live.clock()
        if 0 <= remaining_ms <= full_ms and unix_seconds >= live.ages_known_at:
            age = (full_ms - remaining_ms) / 1000
        if knobs.shadow_ratio:
            self._shadow.consider(fruit_id, read.fruit, age, knobs)
        grace, stale, refresh = 0, False, False
        if knobs.protection in REFRESHING:
            grace = grace_ms(knobs, negative=negative)
            stale = grace > 0 and 0 <= remaining_ms <= grace
            refresh = self._stampede.refresh(fruit_id, read, knobs, stale=stale)
        result = LookupResult.STALE if stale else found
        return Lookup(
            read.fruit,
            LookupResult.NEGATIVE if negative else result,
            remaining_seconds=None if remaining_ms < 0 else (remaining_ms - grace) / 1000,
            age_seconds=age,
            cache_seconds=cache_seconds,
            refresh=refresh,
        )

    def _look_up_without_cache(self, fruit_id: int, knobs: Knobs, began: float) -> Lookup:
        """Ask the store; if it is away too, check whether the cache only paused."""
        try:
            return self._bypass(fruit_id, BypassReason.UNREACHABLE)
        except LookupFailedError:
            for pause in RETRY_PAUSES_SECONDS:
                self._sleep(pause)
                with suppress(CacheUnavailableError):
                    read = self._cache.read(fruit_id)
                    if read.found and fruit_id not in self._pending:
                        return self._serve(fruit_id, read, knobs, self._clock() - began)
                    break
            raise

    def _bypass(self, fruit_id: int, reason: BypassReason) -> Lookup:
        began = self._clock()
        try:
            loaded = self._loads.load(fruit_id)
        except StoreUnavailableError as error:
            raise _failed(error, self._clock() - began, bypass=reason) from error
        return Lookup(
            loaded.fruit,
            LookupResult.BYPASS,
            store_seconds=loaded.store_seconds,
            bypass=reason,
        )


def _failed(
    error: StoreUnavailableError,
    store_seconds: float,
    *,
    cache_seconds: float | None = None,
    bypass: BypassReason | None = None,
) -> LookupFailedError:
    """Return a failure of the store with the record of its lookup."""
    failed = Lookup(
        None,
        LookupResult.ERROR,
        cache_seconds=cache_seconds,
        store_seconds=store_seconds,
        bypass=bypass,
    )
    return LookupFailedError(str(error), failed)
