"""Loads, one read of the store each, bounded in number, and the fills that follow them."""

from collections.abc import Callable, Container

from service.domain.cache import NO_ENTRY, OVERTAKEN, UNFENCED, Cache, Claim, FillOutcome
from service.domain.expiry import physical_ttl_ms
from service.domain.knobs import Fencing, Knobs
from service.domain.live_knobs import LiveKnobs
from service.domain.lookup import Loaded
from service.domain.observer import Observer
from service.domain.store import Store
from service.guards.store_guard import StoreGuard
from service.pattern.miss_reasons import LoadNote, Note

# Weight of the newest load in the moving mean.
NEWEST_WEIGHT = 0.2
# Ids are numbered from 1, so that each of a catalogue up to this size has a place of its own.
PLACES = 1 << 18
# An unfenced load of a lookup that saw no entry, and that holds no lease.
NOTHING_TO_END = Claim(UNFENCED, NO_ENTRY.remaining_ms)


class Loads:
    """Loads a value and fills the cache with it; keeps the mean duration of a load.

    Args:
        store: Read on every load.
        cache: Written on every fill.
        guard: Bounds the loads, and refuses them while the store is down.
        knobs: What is in force.
        pending: The fruit whose invalidation is pending; their entries are not filled.
        observer: Notified of every fill.
        note: Takes a note of every fill, for why later lookups miss.
        spread: Draws the position within the TTL jitter, -1 to 1.
        clock: Monotonic seconds.

    Attributes:
        mean_seconds: Moving mean of the duration of a load; None before the first.
        ends: By the remainder of an id, when the TTL is over of the entry that was written last;
            0 where nothing is known. The system provides the memory only where something is kept.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts are joined here
        self,
        store: Store,
        cache: Cache,
        guard: StoreGuard,
        knobs: LiveKnobs,
        pending: Container[int],
        observer: Observer,
        note: Callable[[Note], object],
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
        self._note = note
        self._spread = spread
        self._clock = clock
        self.mean_seconds: float | None = None
        self.ends = memoryview(bytearray(8 * PLACES)).cast("d")

    def load(self, fruit_id: int, *, patient: bool = True) -> Loaded:
        """Read one value from the store.

        Args:
            fruit_id: Which fruit.
            patient: Whether to wait for a turn.

        Raises:
            StoreUnavailableError: It does not answer, or too many loads are under way.
        """
        began = self._clock()
        fruit = self._guard.call(
            lambda: self._store.find(fruit_id, self._knobs.current.store_delay_seconds),
            patient=patient,
        )
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
        began = self._clock()
        loaded = self.load(fruit_id, patient=patient)
        knobs = self._knobs.current
        ttl_ms = physical_ttl_ms(knobs, negative=loaded.fruit is None, spread=self._spread())
        filling_at = self._clock()
        outcome = self._fill(fruit_id, loaded, ttl_ms, claim, knobs)
        filled_at = self._clock()
        is_known = outcome is FillOutcome.STORED
        self.ends[fruit_id % PLACES] = filled_at + ttl_ms / 1000 if is_known else 0.0
        self._note(
            LoadNote(fruit_id, claim, began, filling_at, filled_at, ttl_ms, outcome, patient)
        )
        if outcome is not None:
            self._observer.fill_ended(outcome)
        return Loaded(loaded.fruit, loaded.store_seconds, outcome)

    def _fill(
        self, fruit_id: int, loaded: Loaded, ttl_ms: int, claim: Claim, knobs: Knobs
    ) -> FillOutcome | None:
        """Write a loaded value to the cache, unless a write is known to have overtaken it."""
        if ttl_ms == 0 and claim._replace(asked_at=0.0) == NOTHING_TO_END:
            return None  # There is nothing to end either.
        if claim.generation == UNFENCED and knobs.fencing is Fencing.ON:
            claim = claim._replace(generation=OVERTAKEN)  # turned on during the load
        if claim.generation == UNFENCED or fruit_id not in self._pending:
            return self._cache.fill(fruit_id, loaded.fruit, ttl_ms, claim)
        return FillOutcome.FENCED
