"""Loads, one read of the store each, bounded in number, and the fills that follow them."""

from collections.abc import Callable, Container
from dataclasses import replace

from service.domain.cache import NO_ENTRY, OVERTAKEN, UNFENCED, Cache, Claim, FillOutcome
from service.domain.expiry import physical_ttl_ms
from service.domain.knobs import Fencing
from service.domain.live_knobs import LiveKnobs
from service.domain.lookup import Loaded
from service.domain.observer import Observer
from service.domain.store import Store
from service.guards.store_guard import StoreGuard

# Weight of the newest load in the moving mean.
NEWEST_WEIGHT = 0.2


class Loads:
    """Loads a value and fills the cache with it; keeps the mean duration of a load.

    Args:
        store: Read on every load.
        cache: Written on every fill.
        guard: Bounds the loads, and refuses them while the store is down.
        knobs: What is in force.
        pending: The fruit whose invalidation is pending; their entries are not filled.
        observer: Notified of every fill.
        spread: Draws the position within the TTL jitter, -1 to 1.
        clock: Monotonic seconds.

    Attributes:
        mean_seconds: Moving mean of the duration of a load; None before the first.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts are joined here
        self,
        store: Store,
        cache: Cache,
        guard: StoreGuard,
        knobs: LiveKnobs,
        pending: Container[int],
        observer: Observer,
        *,
        spread: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._cache = cache
        self._guard = guard
        self._knobs = knobs
        self._pending = pending
        self._observer = observer
        self._spread = spread
        self._clock = clock
        self.mean_seconds: float | None = None

    def load(self, fruit_id: int, *, patient: bool = True) -> Loaded:
        """Read one value from the store.

        Args:
            fruit_id: Which fruit.
            patient: Whether to wait for a turn.

        Raises:
            StoreUnavailableError: It does not answer, or too many loads are under way.
        """
        began = self._clock()
        with self._guard.enter(patient=patient):
            fruit = self._store.find(fruit_id, self._knobs.current.store_delay_seconds)
        seconds = self._clock() - began
        mean = self.mean_seconds
        self.mean_seconds = seconds if mean is None else mean + NEWEST_WEIGHT * (seconds - mean)
        return Loaded(fruit, seconds)

    def load_and_fill(self, fruit_id: int, claim: Claim, *, patient: bool = True) -> Loaded:
        """Read one value from the store, as `load` does, and write it to the cache.

        Args:
            fruit_id: Which fruit.
            claim: What was known of the cache before this call.
            patient: Whether to wait for a turn.
        """
        loaded = self.load(fruit_id, patient=patient)
        outcome: FillOutcome | None = FillOutcome.FENCED
        knobs = self._knobs.current
        ttl_ms = physical_ttl_ms(knobs, negative=loaded.fruit is None, spread=self._spread())
        nothing_to_end = claim == Claim(UNFENCED, NO_ENTRY.remaining_ms)
        if ttl_ms == 0 and nothing_to_end:
            return loaded
        if claim.generation == UNFENCED and knobs.fencing is Fencing.ON:
            claim = replace(claim, generation=OVERTAKEN)  # turned on during the load
        if claim.generation == UNFENCED or fruit_id not in self._pending:
            outcome = self._cache.fill(fruit_id, loaded.fruit, ttl_ms, claim)
        if outcome is not None:
            self._observer.fill_ended(outcome)
        return replace(loaded, fill=outcome)
