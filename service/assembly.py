"""The assembly: joins the parts of the service around servers, or around the fakes of tests."""

import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from service.cache.redis_calls import RedisCalls
from service.cache.servers import cache_with_near, connect
from service.domain.cache import Cache, CacheUnavailableError
from service.domain.live_knobs import LiveKnobs
from service.domain.lookup import Loaded
from service.domain.near import Near
from service.domain.observer import Observer
from service.domain.shared_knobs import SharedKnobs
from service.domain.store import Store
from service.guards import sizing
from service.guards.breaker import Breaker
from service.guards.store_guard import StoreGuard
from service.guards.waiting_room import WaitingRoom
from service.housekeeping import Housekeeping
from service.metrics import Metrics
from service.pattern.cache_aside import CacheAside
from service.pattern.invalidations import Invalidations
from service.pattern.lease import Lease
from service.pattern.loads import Loads
from service.pattern.miss_reasons import MissReasons
from service.pattern.refreshes import BackgroundRefreshes
from service.pattern.shadow_reads import ShadowReads
from service.pattern.single_flight import SingleFlight
from service.pattern.stampede import Stampede
from service.pattern.writes import Writes
from service.settings import Settings
from service.store.fruit_store import FruitStore

log = logging.getLogger("service")

# Retry pending invalidations for at most this long before trusting Redis again.
RETRY_FIRST_SECONDS = 2.0
# A change of knobs must reach every process within a second, and the look at them waits for this.
RETRY_CHORE_SECONDS = 0.4
NO_NEAR_TIER = "off: a Redis Cluster has no near tier"
# Draws the place of an entry's TTL within the jitter.
WITHIN_THE_JITTER = partial(random.uniform, -1, 1)


@dataclass(frozen=True, slots=True)
class Pattern:
    """The parts of the cache-aside pattern around one cache and one store."""

    cache_aside: CacheAside
    writes: Writes
    invalidations: Invalidations
    loads: Loads
    lease: Lease
    stampede: Stampede
    miss_reasons: MissReasons


@dataclass(frozen=True, slots=True)
class Service:
    """What the web serves.

    Attributes:
        change_knobs: Changes knobs, and returns why in this process only, if so.
        page: Writes the metrics of some names, or all when none is named.
        clear_cache: Deletes our keys from the cache and returns how many.
        fill_catalogue: Creates the rows missing among ids 1 to N and returns how many.
        checks: By dependency, a check that returns its problem, or None when it works.
        near_state: Returns whether the near tier is used, and why not.
        start: Connects to Redis and starts the chores; returns whether they run.
        close: Stops everything, and gives pending invalidations some seconds to finish.
    """

    cache_aside: CacheAside
    writes: Writes
    metrics: Metrics
    knobs: LiveKnobs
    change_knobs: Callable[[Mapping[str, object]], str | None]
    page: Callable[[Sequence[str]], bytes]
    clear_cache: Callable[[], int]
    fill_catalogue: Callable[[int], int]
    checks: Mapping[str, Callable[[], str | None]]
    near_state: Callable[[], str]
    start: Callable[[], bool]
    close: Callable[[float], None]


def assemble(settings: Settings) -> Service:
    """Join the service around Redis and the store of the settings; connects to neither."""
    metrics = Metrics(threads=settings.threads, store_pool_size=settings.store_pool_size)
    knobs = LiveKnobs(settings.knobs, metrics)
    store = FruitStore(settings.database_url, settings.store_pool_size, metrics)

    def redis_answers() -> bool:
        return cache.ping() and pattern.invalidations.retry(RETRY_FIRST_SECONDS)

    redis_breaker = Breaker(redis_answers, partial(_breaker_turned, metrics, "redis"))
    store_breaker = Breaker(
        lambda: store.problem() is None, partial(_breaker_turned, metrics, "store")
    )
    connections = connect(settings.redis_url, settings.redis_timeout_seconds, redis_breaker)
    calls = RedisCalls(connections, redis_breaker, metrics)
    cache, near, listener = cache_with_near(
        connections, calls, metrics, lambda: knobs.current.near_seconds > 0
    )
    threads, pool_size = settings.threads, settings.store_pool_size
    pattern = join_pattern(
        cache,
        store,
        knobs,
        metrics,
        load_guard=StoreGuard(store_breaker, sizing.load_bulkhead(threads, pool_size)),
        write_guard=StoreGuard(store_breaker, sizing.write_bulkhead(threads)),
        room=sizing.waiting_room(threads, pool_size),
        refreshes=BackgroundRefreshes(pool_size),
        shadow_guard=StoreGuard(store_breaker, sizing.shadow_bulkhead()),
        shadows=BackgroundRefreshes(sizing.SHADOW_READS),
        cache_answers=lambda: not redis_breaker.is_open,
        near=near,
    )
    shared_knobs = SharedKnobs(cache, knobs, has_near=near is not None)
    clear_cache = partial(_clear_cache, cache, pattern.miss_reasons)
    housekeeping = Housekeeping(
        (
            shared_knobs.sync,
            partial(pattern.invalidations.retry, RETRY_CHORE_SECONDS),
            pattern.miss_reasons.judge,
            *([listener.look] if listener else []),
        )
    )

    def start() -> bool:
        connections.open(threads)
        return housekeeping.start()

    def close(patience_seconds: float = 0.0) -> None:
        for part in (housekeeping, redis_breaker, store_breaker, listener):
            if part is not None:
                part.stop()
        pattern.invalidations.finish(patience_seconds)
        connections.close()
        store.close()

    return Service(
        cache_aside=pattern.cache_aside,
        writes=pattern.writes,
        metrics=metrics,
        knobs=knobs,
        change_knobs=shared_knobs.change,
        page=partial(_page, metrics, pattern.miss_reasons),
        clear_cache=clear_cache,
        fill_catalogue=partial(_fill_catalogue, store, clear_cache),
        checks={"redis": cache.problem, "store": store.problem},
        near_state=lambda: listener.state if listener else NO_NEAR_TIER,
        start=start,
        close=close,
    )


def join_pattern(  # noqa: PLR0913 - one argument for each part, and what tests replace
    cache: Cache,
    store: Store,
    knobs: LiveKnobs,
    observer: Observer,
    *,
    load_guard: StoreGuard,
    write_guard: StoreGuard,
    room: WaitingRoom,
    refreshes: BackgroundRefreshes,
    shadow_guard: StoreGuard,
    shadows: BackgroundRefreshes,
    cache_answers: Callable[[], bool],
    near: Near | None = None,
    clock: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], None] = time.sleep,
    spread: Callable[[], float] = WITHIN_THE_JITTER,
    draw: Callable[[], float] = random.random,
) -> Pattern:
    """Join the parts of the pattern; tests replace clock, sleep and the random draws."""
    miss_reasons = MissReasons(knobs, observer)
    note = miss_reasons.note
    invalidations = Invalidations(
        cache,
        knobs,
        observer,
        note,
        cache_answers=cache_answers,
        store_answers=lambda: load_guard.answers,
        clock=clock,
        sleep=sleep,
    )
    pending = invalidations.pending
    loads = Loads(
        store, cache, load_guard, knobs, pending, observer, note, spread=spread, clock=clock
    )
    lease = Lease(cache, loads, room, clock=clock, sleep=sleep)
    flights = SingleFlight[tuple[Loaded, bool]](room, clock=clock)
    stampede = Stampede(cache, loads, lease, flights, refreshes, draw=draw)
    shadow = ShadowReads(store, shadow_guard, shadows, observer, draw=draw, clock=clock)
    cache_aside = CacheAside(
        cache,
        loads,
        stampede,
        shadow,
        knobs,
        pending,
        observer,
        near=near,
        clock=clock,
        sleep=sleep,
    )
    writes = Writes(store, invalidations, write_guard)
    return Pattern(cache_aside, writes, invalidations, loads, lease, stampede, miss_reasons)


def _page(metrics: Metrics, miss_reasons: MissReasons, names: Sequence[str]) -> bytes:
    miss_reasons.judge()  # So that the page counts as many reasons as misses.
    return metrics.exposition(names)


def _clear_cache(cache: Cache, miss_reasons: MissReasons) -> int:
    deleted = cache.clear()
    miss_reasons.forget()
    return deleted


def _fill_catalogue(store: Store, clear_cache: Callable[[], int], items: int) -> int:
    created = store.fill_catalogue(items)
    if created:  # Ids that are cached as absent may exist now.
        with suppress(CacheUnavailableError):
            clear_cache()
    return created


def _breaker_turned(metrics: Metrics, dependency: str, is_open: bool) -> None:
    metrics.breaker_turned(dependency, is_open)
    if is_open:
        log.warning("%s does not answer; calls are refused until a probe succeeds", dependency)
    else:
        log.warning("%s answers again", dependency)
