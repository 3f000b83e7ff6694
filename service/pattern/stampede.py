"""Which protection guards a hot key: what happens on a miss, and to an entry that ages."""

import random
from collections.abc import Callable

from service.domain.cache import UNFENCED, Cache, CacheRead, Claim
from service.domain.expiry import grace_ms, recomputes_early
from service.domain.knobs import Fencing, Knobs, Protection
from service.domain.lookup import Loaded, Lookup, LookupResult
from service.pattern.lease import Lease
from service.pattern.loads import Loads
from service.pattern.refreshes import Refreshes
from service.pattern.single_flight import SingleFlight


class Stampede:
    """Loads what lookups missed and refreshes what they found, as the knobs say."""

    def __init__(  # noqa: PLR0913 - the parts are joined here
        self,
        cache: Cache,
        loads: Loads,
        lease: Lease,
        flights: SingleFlight[Lookup],
        refreshes: Refreshes,
        *,
        draw: Callable[[], float] = random.random,
    ) -> None:
        """Join the parts.

        Args:
            cache: Tells generations.
            loads: Loads and fills.
            lease: Loads once for all processes.
            flights: Loads once for all of this process.
            refreshes: Runs what nobody waits for.
            draw: Uniform in [0, 1), for early recompute.
        """
        self._cache = cache
        self._loads = loads
        self._lease = lease
        self._flights = flights
        self._refreshes = refreshes
        self._draw = draw

    def load(self, fruit_id: int, missed: CacheRead, began: float, knobs: Knobs) -> Lookup:
        """Answer a lookup that missed; `began` is when it had not yet.

        Neither early nor stale protects a cold key: the first has nobody load together, the
        second loads as single-flight does.

        Raises:
            CacheUnavailableError: The cache went away; nothing was loaded.
            StoreUnavailableError: The value could not be loaded.
        """
        # Read after the miss and before the load: whoever sees the same era may share that
        # load, and its fill is refused when another has begun.
        claim = self._claim(fruit_id, missed, knobs)
        if knobs.protection in {Protection.NONE, Protection.EARLY}:
            return _led(self._loads.load_and_fill(fruit_id, claim))

        def call() -> Lookup:
            if knobs.protection is not Protection.LEASE:
                return _led(self._loads.load_and_fill(fruit_id, claim))
            loaded, held = self._lease.load(fruit_id, claim, knobs)
            return _led(loaded) if held else Lookup(loaded.fruit, LookupResult.COALESCED)

        lookup, led = self._flights.run((fruit_id, claim.era), began, call)
        return lookup if led else Lookup(lookup.fruit, LookupResult.COALESCED)

    def refresh(self, fruit_id: int, read: CacheRead, knobs: Knobs) -> bool:
        """Have a served entry refreshed in the background if it is time; tells whether."""
        if knobs.protection is Protection.EARLY:
            mean, draw = self._loads.mean_seconds, self._draw()
            if not recomputes_early(read.remaining_ms, mean, knobs.early_beta, draw):
                return False
            return self._refreshes.begin(lambda: self._recompute(fruit_id, read, knobs))
        if not is_stale(read, knobs):
            return False
        return self._refreshes.begin_one(
            fruit_id, lambda: self._lease.refresh(fruit_id, read.remaining_ms, knobs)
        )

    def _recompute(self, fruit_id: int, read: CacheRead, knobs: Knobs) -> None:
        self._loads.load_and_fill(fruit_id, self._claim(fruit_id, read, knobs), patient=False)

    def _claim(self, fruit_id: int, read: CacheRead, knobs: Knobs) -> Claim:
        fenced = knobs.fencing is Fencing.ON
        generation = self._cache.generation(fruit_id) if fenced else UNFENCED
        return Claim(generation, read.remaining_ms)


def is_stale(read: CacheRead, knobs: Knobs) -> bool:
    """Tell whether a served entry is past its soft expiry."""
    grace = grace_ms(knobs, negative=read.fruit is None)
    return grace > 0 and 0 <= read.remaining_ms <= grace


def _led(loaded: Loaded) -> Lookup:
    return Lookup(
        loaded.fruit, LookupResult.MISS, store_seconds=loaded.store_seconds, fill=loaded.fill
    )
