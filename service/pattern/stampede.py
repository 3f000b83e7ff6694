"""Which protection guards a hot key: on a miss, and for an entry about to expire."""

from collections.abc import Callable

from service.domain.cache import UNFENCED, Cache, CacheRead, Claim
from service.domain.expiry import recomputes_early
from service.domain.knobs import Fencing, Knobs, Protection
from service.domain.lookup import Loaded, Lookup, LookupResult
from service.pattern.lease import Lease
from service.pattern.loads import Loads
from service.pattern.refreshes import BackgroundRefreshes
from service.pattern.single_flight import SingleFlight


class Stampede:
    """Loads what lookups missed and refreshes what they found, as the knobs say.

    Args:
        cache: Returns generations.
        loads: Loads and fills.
        lease: Loads once for all processes.
        flights: Loads once for this process; each returns the value and whether this process
            loaded it.
        refreshes: Runs refreshes in the background.
        draw: Uniform in [0, 1), for early recompute.
    """

    def __init__(  # noqa: PLR0913 - the parts are joined here
        self,
        cache: Cache,
        loads: Loads,
        lease: Lease,
        flights: SingleFlight[tuple[Loaded, bool]],
        refreshes: BackgroundRefreshes,
        *,
        draw: Callable[[], float],
    ) -> None:
        self._cache = cache
        self._loads = loads
        self._lease = lease
        self._flights = flights
        self._refreshes = refreshes
        self._draw = draw

    def load(self, fruit_id: int, missed: CacheRead, began: float, knobs: Knobs) -> Lookup:
        """Answer a lookup that missed and began at `began`, before its read of the cache.

        Neither early nor stale protects a cold key: under early every lookup loads, under
        stale they load as under single-flight.

        Raises:
            CacheUnavailableError: The cache went away; nothing was loaded.
            StoreUnavailableError: The value could not be loaded.
        """
        # Read after the miss and before the load: lookups that see the same era may share the
        # load, whose fill is refused once another era has begun.
        claim = self._claim(fruit_id, missed, knobs)

        def load() -> tuple[Loaded, bool]:
            if knobs.protection is Protection.LEASE:
                return self._lease.load(fruit_id, claim, knobs)
            return self._loads.load_and_fill(fruit_id, claim), True

        if knobs.protection in {Protection.NONE, Protection.EARLY}:
            (loaded, loaded_here), led = load(), True
        else:
            (loaded, loaded_here), led = self._flights.run((fruit_id, claim.era), began, load)
        if not (led and loaded_here):
            return Lookup(loaded.fruit, LookupResult.COALESCED)
        return Lookup(
            loaded.fruit, LookupResult.MISS, store_seconds=loaded.store_seconds, fill=loaded.fill
        )

    def refresh(self, fruit_id: int, read: CacheRead, knobs: Knobs, *, stale: bool) -> bool:
        """Refresh a served entry in the background if it is time; return whether it began."""
        if knobs.protection is Protection.EARLY:
            mean, draw = self._loads.mean_seconds, self._draw()
            if not recomputes_early(read.remaining_ms, mean, knobs.early_beta, draw):
                return False
            return self._refreshes.begin(lambda: self._recompute(fruit_id, read, knobs))
        return stale and self._refreshes.begin_one(
            fruit_id, lambda: self._lease.refresh(fruit_id, read.remaining_ms, knobs)
        )

    def _recompute(self, fruit_id: int, read: CacheRead, knobs: Knobs) -> None:
        self._loads.load_and_fill(fruit_id, self._claim(fruit_id, read, knobs), patient=False)

    def _claim(self, fruit_id: int, read: CacheRead, knobs: Knobs) -> Claim:
        fenced = knobs.fencing is Fencing.ON
        generation = self._cache.generation(fruit_id) if fenced else UNFENCED
        return Claim(generation, read.remaining_ms)
