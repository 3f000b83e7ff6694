"""Joins the parts of the pattern around one cache and one store, or around the fakes of tests."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from service.domain.cache import Cache
from service.domain.live_knobs import LiveKnobs
from service.domain.lookup import Loaded
from service.domain.near import Near
from service.domain.observer import Observer
from service.domain.store import Store
from service.guards.store_guard import StoreGuard
from service.guards.waiting_room import WaitingRoom
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
