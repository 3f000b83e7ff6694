"""The parts of the service joined around fakes, as `create_app` joins them around servers."""

from dataclasses import dataclass, field

from service.domain.fruit import Fruit
from service.domain.knobs import Knobs
from service.domain.live_knobs import LiveKnobs
from service.guards.bulkhead import Bulkhead
from service.guards.store_guard import StoreGuard
from service.guards.waiting_room import WaitingRoom
from service.pattern.cache_aside import CacheAside
from service.pattern.invalidations import Invalidations
from service.pattern.lease import Lease
from service.pattern.loads import Loads
from service.pattern.refreshes import Refreshes
from service.pattern.single_flight import SingleFlight
from service.pattern.stampede import Stampede
from service.pattern.writes import Writes
from tests.service.fakes import Breaker, FakeClock, FakeStore, InMemoryCache, RecordingObserver

APPLE = Fruit(1, "apple", 100)


@dataclass
class Parts:
    """A service process on fakes; give two the same cache and store for two processes."""

    clock: FakeClock = field(default_factory=FakeClock)
    cache: InMemoryCache = None
    store: FakeStore = field(default_factory=lambda: FakeStore(APPLE))
    slots: int = 64
    seats: int = 64
    background: list = field(default_factory=list)
    draw: float = 0.0
    spread: float = 0.0

    def __post_init__(self):
        self.observer = RecordingObserver()
        self.cache = self.cache or InMemoryCache(self.clock)
        self.cache.observer = self.observer
        self.knobs = LiveKnobs(Knobs(), self.observer, clock=self.clock)
        self.store_breaker = Breaker()
        self.redis_breaker = Breaker()
        self.invalidations = Invalidations(
            self.cache,
            self.knobs,
            self.observer,
            cache_answers=self.redis_breaker.allows,
            clock=self.clock,
            sleep=self.clock.advance,
        )
        bulkhead = Bulkhead(self.slots, 0, 0.0)
        self.loads = Loads(
            self.store,
            self.cache,
            StoreGuard(self.store_breaker, bulkhead),
            self.knobs,
            self.invalidations,
            self.observer,
            spread=lambda: self.spread,
            clock=self.clock,
        )
        room = WaitingRoom(self.seats)
        self.lease = Lease(self.cache, self.loads, room, clock=self.clock, sleep=self.clock.advance)
        self.refreshes = Refreshes(8, clock=self.clock, submit=self.background.append)
        self.stampede = Stampede(
            self.cache,
            self.loads,
            self.lease,
            SingleFlight(room, clock=self.clock),
            self.refreshes,
            draw=lambda: self.draw,
        )
        self.cache_aside = CacheAside(
            self.cache,
            self.loads,
            self.stampede,
            self.knobs,
            self.invalidations,
            self.observer,
            clock=self.clock,
        )
        self.writes = Writes(
            self.store, self.invalidations, StoreGuard(Breaker(), Bulkhead(8, 0, 0.0))
        )

    def turn(self, **changes):
        knobs = self.knobs.current.patched(changes)
        self.knobs.turn(knobs, self.knobs.version + 1, self.knobs.horizon(knobs))

    def look_up(self, fruit_id=1):
        return self.cache_aside.look_up(fruit_id)

    def run_background(self):
        while self.background:
            self.background.pop(0)()
