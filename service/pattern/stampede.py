"""Which protection guards a hot key: on a miss, and for an entry about to expire."""

from collections.abc import Callable

from service.domain.cache import NO_ENTRY, OVERTAKEN, UNFENCED, Cache, CacheRead, Claim
from service.domain.expiry import recomputes_early
from service.domain.knobs import Fencing, Knobs, Protection
from service.domain.lookup import Loaded, Lookup, LookupResult
from service.pattern.lease import Lease
from service.pattern.loads import Loads
from service.pattern.refreshes import BackgroundRefreshes
from service.pattern.single_flight import SingleFlight

# The protections under which every lookup loads for itself.
UNSHARED = frozenset({Protection.NONE, Protection.EARLY})


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

    def load(
        self, fruit_id: int, missed: CacheRead, began: float, cache_seconds: float, knobs: Knobs
    ) -> Lookup:
        """Answer a lookup that began at `began` and missed after a read of `cache_seconds`.

        Neither early nor stale protects a cold key: under early every lookup loads, under
        stale they load as under single-flight.

        Raises:
            CacheUnavailableError: The cache went away; nothing was loaded.
            StoreUnavailableError: The value could not be loaded.
        """
        shares = knobs.protection not in UNSHARED
        # Read after the miss and before the load: lookups that see the same generation may share
        # the load, whose fill is refused once there is another.
        claim, entry = self._claim(fruit_id, missed, knobs, began, looks_again=shares)
        if entry.found:
            return Lookup(entry.fruit, LookupResult.COALESCED, cache_seconds=cache_seconds)

        def load() -> tuple[Loaded, bool]:
            if knobs.protection is Protection.LEASE:
                return self._lease.load(fruit_id, claim, knobs)
            return self._loads.load_and_fill(fruit_id, claim), True

        # Without a generation, nothing tells whether a write came between two lookups.
        if shares and claim.generation != OVERTAKEN:
            key = (fruit_id, claim.generation)
            (loaded, loaded_here), led = self._flights.run(key, began, load)
        else:
            (loaded, loaded_here), led = load(), True
        if not (led and loaded_here):
            return Lookup(loaded.fruit, LookupResult.COALESCED, cache_seconds=cache_seconds)
        return Lookup(
            loaded.fruit,
            LookupResult.MISS,
            cache_seconds=cache_seconds,
            store_seconds=loaded.store_seconds,
            fill=loaded.fill,
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
        claim, _ = self._claim(fruit_id, read, knobs, 0.0, looks_again=False)
        self._loads.load_and_fill(fruit_id, claim, patient=False)

    def _claim(
        self, fruit_id: int, read: CacheRead, knobs: Knobs, asked_at: float, *, looks_again: bool
    ) -> tuple[Claim, CacheRead]:
        """Return the claim of a load that starts now, and the entry that another just wrote."""
        seen_ms = read.remaining_ms
        if knobs.fencing is Fencing.OFF:
            return Claim(UNFENCED, seen_ms, asked_at=asked_at), NO_ENTRY
        if read.generation is not None:
            return Claim(read.generation, seen_ms, asked_at=asked_at), NO_ENTRY
        generation, entry = self._cache.generation(fruit_id, seen_ms if looks_again else None)
        if entry.remaining_ms > seen_ms and not entry.found:
            # Another value took its place that cannot be read either: only a newer one counts.
            seen_ms = entry.remaining_ms
            generation, _ = self._cache.generation(fruit_id, None)
        return Claim(generation, seen_ms, asked_at=asked_at), entry
