"""The parts of the service connected to fakes, as `create_app` connects them to servers."""

from dataclasses import dataclass, field

from service.domain.fruit import Fruit
from service.domain.knobs import Knobs
from service.domain.live_knobs import LiveKnobs
from service.guards.bulkhead import Bulkhead
from service.guards.store_guard import StoreGuard
from service.guards.waiting_room import WaitingRoom
from service.pattern.joined_pattern import join_pattern
from service.pattern.refreshes import BackgroundRefreshes
from tests.service.fakes import Breaker, FakeClock, FakeStore, InMemoryCache, RecordingObserver

APPLE = Fruit(1, "apple", 100)


@dataclass
class Parts:
    """A service process on fakes; two instances that share cache and store act as two processes."""

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
        self.knobs = LiveKnobs(Knobs(), self.observer, clock=self.clock, clock_began_at=0.0)
        self.store_breaker = Breaker()
        self.redis_breaker = Breaker()
        pattern = join_pattern(
            self.cache,
            self.store,
            self.knobs,
            self.observer,
            load_guard=StoreGuard(self.store_breaker, Bulkhead(self.slots, 0, 0.0)),
            write_guard=StoreGuard(Breaker(), Bulkhead(8, 0, 0.0)),
            room=WaitingRoom(self.seats),
            refreshes=BackgroundRefreshes(8, clock=self.clock, submit=self.background.append),
            shadow_guard=StoreGuard(self.store_breaker, Bulkhead(1, 0, 0.0)),
            shadows=BackgroundRefreshes(1, clock=self.clock, submit=self.background.append),
            cache_answers=lambda: not self.redis_breaker.is_open,
            clock=self.clock,
            sleep=self.clock.advance,
            spread=lambda: self.spread,
            draw=lambda: self.draw,
        )
        self.invalidations = pattern.invalidations
        self.loads, self.lease = pattern.loads, pattern.lease
        self.stampede, self.cache_aside = pattern.stampede, pattern.cache_aside
        self.writes, self.miss_reasons = pattern.writes, pattern.miss_reasons

    def set_knobs(self, **changes):
        knobs = self.knobs.current.with_changes(changes)
        self.knobs.turn(knobs, self.knobs.version + 1, self.knobs.ages_known_after(knobs))

    def look_up(self, fruit_id=1):
        return self.cache_aside.look_up(fruit_id)

    def run_background(self):
        while self.background:
            self.background.pop(0)()
