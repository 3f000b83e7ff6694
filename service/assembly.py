"""The assembly: joins the parts of the service around servers."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from service.cache.near_listener import NearListener
from service.cache.redis_calls import RedisCalls
from service.cache.servers import cache_with_near, connect
from service.cache.wire import Connections
from service.domain.cache import Cache, CacheUnavailableError
from service.domain.live_knobs import LiveKnobs
from service.domain.shared_knobs import SharedKnobs
from service.domain.store import Store
from service.freed_memory import FreedMemory
from service.guards import sizing
from service.guards.breaker import Breaker
from service.guards.store_guard import StoreGuard
from service.housekeeping import Housekeeping
from service.metrics import Metrics
from service.pattern.cache_aside import CacheAside
from service.pattern.invalidations import Invalidations
from service.pattern.joined_pattern import Pattern, join_pattern
from service.pattern.miss_reasons import MissReasons
from service.pattern.refreshes import BackgroundRefreshes
from service.pattern.writes import Writes
from service.settings import Settings
from service.store.fruit_store import FruitStore

log = logging.getLogger("service")

# Retry pending invalidations for at most this long before trusting Redis again.
RETRY_FIRST_SECONDS = 2.0
# A change of knobs must reach every process within a second, and the look at them waits for this.
RETRY_CHORE_SECONDS = 0.4
NO_NEAR_TIER = "off: a Redis Cluster has no near tier"


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
    refreshes, shadows = BackgroundRefreshes(pool_size), BackgroundRefreshes(sizing.SHADOW_READS)
    pattern = join_pattern(
        cache,
        store,
        knobs,
        metrics,
        load_guard=StoreGuard(store_breaker, sizing.load_bulkhead(threads, pool_size)),
        write_guard=StoreGuard(store_breaker, sizing.write_bulkhead(threads)),
        room=sizing.waiting_room(threads, pool_size),
        refreshes=refreshes,
        shadow_guard=StoreGuard(store_breaker, sizing.shadow_bulkhead()),
        shadows=shadows,
        cache_answers=lambda: not redis_breaker.is_open,
        near=near,
    )
    shared_knobs = SharedKnobs(cache, knobs, has_near=near is not None)
    clear_cache = partial(_clear_cache, cache, pattern.miss_reasons)
    housekeeping = Housekeeping(_chores(shared_knobs, pattern, listener))
    parts = (housekeeping, redis_breaker, store_breaker, listener, refreshes, shadows)
    stops = [part.stop for part in parts if part is not None]

    def start() -> bool:
        connections.open(threads)
        return housekeeping.start()

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
        close=partial(_close, stops, pattern.invalidations, (connections, store)),
    )


def _chores(
    shared_knobs: SharedKnobs, pattern: Pattern, listener: NearListener | None
) -> list[Callable[[], object]]:
    return [
        shared_knobs.sync,
        partial(pattern.invalidations.retry, RETRY_CHORE_SECONDS),
        pattern.miss_reasons.judge,
        FreedMemory().give_back,
        *([listener.look] if listener else []),
    ]


def _close(
    stops: Iterable[Callable[[], None]],
    invalidations: Invalidations,
    servers: Iterable[Connections | FruitStore],
    patience_seconds: float = 0.0,
) -> None:
    """Stop what runs by itself, give pending invalidations their time, and then disconnect."""
    for stop in stops:
        stop()
    invalidations.finish(patience_seconds)
    for server in servers:
        server.close()


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
