"""A cache-aside service: Redis in front of a database. `create_app` joins its parts."""

import logging
from contextlib import suppress
from functools import partial

from flask import Flask, Response, request

from service.cache.redis_cache import RedisCache
from service.cache.redis_calls import RedisCalls
from service.cache.redis_connections import connect
from service.domain.cache import CacheUnavailableError
from service.domain.live_knobs import LiveKnobs
from service.domain.lookup import Lookup
from service.domain.shared_knobs import SharedKnobs
from service.guards.breaker import Breaker
from service.guards.bulkhead import Bulkhead
from service.guards.store_guard import StoreGuard
from service.guards.waiting_room import WaitingRoom
from service.housekeeping import Housekeeping
from service.metrics import Metrics
from service.pattern.cache_aside import CacheAside
from service.pattern.invalidations import Invalidations
from service.pattern.lease import Lease
from service.pattern.loads import Loads
from service.pattern.refreshes import Refreshes
from service.pattern.single_flight import SingleFlight
from service.pattern.stampede import Stampede
from service.pattern.writes import Writes
from service.settings import Settings
from service.store.fruit_store import FruitStore
from service.web import catalogue_command, control, health, problems, routes

log = logging.getLogger("service")

LONGEST_WAIT_FOR_A_TURN_SECONDS = 0.5
# What a commit may take on a disk that is slow to write.
COMMIT_SECONDS = 2.0
# Of tens of thousands of pending invalidations, so many come before Redis is used again.
RETRY_FIRST_SECONDS = 2.0
# Within a second a change of knobs is everywhere, and the look at them waits for this.
RETRY_CHORE_SECONDS = 0.4


def create_app(settings: Settings | None = None) -> Flask:
    """Build the service; nothing is connected before the first request.

    Programs that outlive the app call `app.extensions["close"]()` when they are done with it,
    with the seconds to wait for a silent Redis to take what invalidations are pending.

    Args:
        settings: None reads them from the environment.

    Raises:
        SettingsError: A setting in the environment is wrong.
    """
    settings = settings or Settings.from_environment()
    metrics = Metrics(threads=settings.threads, store_pool_size=settings.store_pool_size)
    knobs = LiveKnobs(settings.knobs, metrics)
    store = FruitStore(settings.database_url, settings.store_pool_size, metrics)

    def redis_answers() -> bool:
        # What is pending is done before this process trusts Redis again.
        return cache.ping() and invalidations.retry(RETRY_FIRST_SECONDS)

    redis_breaker = Breaker(redis_answers, partial(_turned, metrics, "redis"))
    store_breaker = Breaker(lambda: store.problem() is None, partial(_turned, metrics, "store"))
    connections = connect(
        settings.redis_url,
        settings.redis_timeout_seconds,
        hangs=lambda: not redis_breaker.allows(),
    )
    cache = RedisCache(RedisCalls(connections, redis_breaker, metrics), metrics)
    invalidations = Invalidations(cache, knobs, metrics, cache_answers=redis_breaker.allows)
    load_guard = StoreGuard(store_breaker, _load_bulkhead(settings))
    loads = Loads(store, cache, load_guard, knobs, invalidations, metrics)
    room = _waiting_room(settings)
    lease, flights = Lease(cache, loads, room), SingleFlight[Lookup](room)
    stampede = Stampede(cache, loads, lease, flights, Refreshes(settings.store_pool_size))
    cache_aside = CacheAside(cache, loads, stampede, knobs, invalidations, metrics)
    writes = Writes(store, invalidations, StoreGuard(store_breaker, _write_bulkhead(settings)))
    shared = SharedKnobs(cache, knobs)
    fill_catalogue = partial(_fill_catalogue, store, cache)

    app = Flask("service", static_folder=None)
    app.url_map.merge_slashes = False
    problems.install(app)
    routes.install(app, cache_aside, writes, settings.control_token)
    health.install(app, metrics, {"redis": partial(_redis_problem, cache), "store": store.problem})
    control.install(app, knobs, shared.change, cache.clear, fill_catalogue, settings.control_token)
    catalogue_command.install(app, fill_catalogue)
    housekeeping = Housekeeping((shared.sync, partial(invalidations.retry, RETRY_CHORE_SECONDS)))
    app.before_request(housekeeping.start)
    _count_requests(app, metrics)

    def close(patience_seconds: float = 0.0) -> None:
        for part in (housekeeping, redis_breaker, store_breaker):
            part.stop()
        invalidations.finish(patience_seconds)
        connections.close()
        store.close()

    app.extensions["close"] = close
    return app


def _load_bulkhead(settings: Settings) -> Bulkhead:
    return Bulkhead(
        settings.store_pool_size, max(0, _spare_threads(settings)), LONGEST_WAIT_FOR_A_TURN_SECONDS
    )


def _waiting_room(settings: Settings) -> WaitingRoom:
    # Where the pool is as large as all threads, a stampede must still be let wait.
    return WaitingRoom(max(1, _spare_threads(settings), settings.threads * 2 // 5))


def _spare_threads(settings: Settings) -> int:
    """Give how many threads may wait while others load and some are kept for hits."""
    threads_for_hits = settings.threads // 8
    return settings.threads - settings.store_pool_size - threads_for_hits


def _write_bulkhead(settings: Settings) -> Bulkhead:
    writers = max(1, settings.threads // 4)
    return Bulkhead(writers, writers, COMMIT_SECONDS, stalled_seconds=COMMIT_SECONDS)


def _fill_catalogue(store: FruitStore, cache: RedisCache, items: int) -> int:
    created = store.fill_catalogue(items)
    if created:  # what is cached as absent may be there now
        with suppress(CacheUnavailableError):
            cache.clear()
    return created


def _redis_problem(cache: RedisCache) -> str | None:
    return None if cache.ping() else "Redis does not answer"


def _turned(metrics: Metrics, dependency: str, is_open: bool) -> None:
    metrics.breaker_turned(dependency, is_open)
    if is_open:
        log.warning("%s does not answer and is not asked until it does", dependency)
    else:
        log.warning("%s answers again", dependency)


def _count_requests(app: Flask, metrics: Metrics) -> None:
    @app.after_request
    def count(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "unmatched"
        metrics.http_request(request.method, route, response.status_code)
        return response
