"""One load for all processes: the holder of a fruit's lease loads, the others wait for it."""

import secrets
from collections.abc import Callable

from service.domain.cache import UNFENCED, Cache, Claim, LeaseReply, LeaseState
from service.domain.knobs import Fencing, Knobs
from service.domain.lookup import Loaded
from service.domain.store import StoreUnavailableError
from service.guards.waiting_room import WaitingRoom
from service.pattern.loads import Loads

# No load takes longer than this beyond the store's configured delay.
LOAD_MARGIN_SECONDS = 2.0
FIRST_PAUSE_SECONDS = 0.002
LONGEST_PAUSE_SECONDS = 0.02


class Lease:
    """Loads under a lease, which expires after the longest load in case its holder dies.

    Args:
        cache: Keeps the leases.
        loads: Loads and fills.
        room: Bounds the threads that wait for another process' load.
        clock: Monotonic seconds.
        sleep: Waits between two requests for the lease.
    """

    def __init__(
        self,
        cache: Cache,
        loads: Loads,
        room: WaitingRoom,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._cache = cache
        self._loads = loads
        self._room = room
        self._clock = clock
        self._sleep = sleep

    def load(self, fruit_id: int, claim: Claim, knobs: Knobs) -> tuple[Loaded, bool]:
        """Load, or wait for another process; return the value and whether this one loaded it.

        Args:
            fruit_id: Which fruit.
            claim: What the lookup saw, including the generation.
            knobs: What is in force.

        Raises:
            CacheUnavailableError: Redis does not answer.
            StoreUnavailableError: The load failed, here or in the other process, or too many
                wait.
        """
        leased = claim._replace(lease=secrets.token_hex(8))
        leased, reply = self._acquire_or_wait(fruit_id, leased, _lease_seconds(knobs))
        match reply.state:
            case LeaseState.ACQUIRED:
                held = leased._replace(generation=reply.text)
                return self._load_as_holder(fruit_id, held, patient=True), True
            case LeaseState.FAILED:
                raise StoreUnavailableError("the load of another process failed")
            case LeaseState.REFUSED:
                return self._loads.load_and_fill(fruit_id, claim), True
        return Loaded(reply.read.fruit, 0.0), False

    def _acquire_or_wait(
        self, fruit_id: int, claim: Claim, lease_seconds: float
    ) -> tuple[Claim, LeaseReply]:
        """Ask until the lease is acquired or another's load ended, for two leases at most."""
        lease_ms, waited_for, pause = round(lease_seconds * 1000), "", FIRST_PAUSE_SECONDS
        reply = self._acquire(fruit_id, claim, lease_ms, waited_for)
        if _is_final(reply):
            return claim, reply
        with self._room.enter() as longest_seconds:
            ends = self._clock() + min(2 * lease_seconds, longest_seconds)
            while self._clock() < ends:
                if reply.state is LeaseState.ENTRY:
                    # The entry is poisoned: from here on only a newer one counts.
                    claim = claim._replace(seen_ms=reply.read.remaining_ms)
                else:
                    waited_for = reply.text
                    self._sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                reply = self._acquire(fruit_id, claim, lease_ms, waited_for)
                if _is_final(reply):
                    return claim, reply
        raise StoreUnavailableError("the load of another process takes too long")

    def _acquire(self, fruit_id: int, claim: Claim, lease_ms: int, waited_for: str) -> LeaseReply:
        return self._cache.acquire(fruit_id, claim, lease_ms, waited_for=waited_for, refresh=False)

    def refresh(self, fruit_id: int, seen_ms: int, knobs: Knobs) -> bool:
        """Load and fill unless another process does or just did; return whether it did.

        Raises:
            CacheUnavailableError: Redis does not answer.
            StoreUnavailableError: The load failed.
        """
        lease_ms = round(_lease_seconds(knobs) * 1000)
        generation = "" if knobs.fencing is Fencing.ON else UNFENCED
        claim = Claim(generation, seen_ms, secrets.token_hex(8))
        reply = self._cache.acquire(fruit_id, claim, lease_ms, waited_for="", refresh=True)
        if reply.state is not LeaseState.ACQUIRED:
            return False
        self._load_as_holder(fruit_id, claim._replace(generation=reply.text), patient=False)
        return True

    def _load_as_holder(self, fruit_id: int, claim: Claim, *, patient: bool) -> Loaded:
        try:
            return self._loads.load_and_fill(fruit_id, claim, patient=patient)
        except BaseException:
            self._cache.release_failed(fruit_id, claim)
            raise


def _lease_seconds(knobs: Knobs) -> float:
    """Return how long a holder may load before its lease expires."""
    return knobs.store_delay_seconds + LOAD_MARGIN_SECONDS


def _is_final(reply: LeaseReply) -> bool:
    """Return whether there is nothing to wait for; an unreadable value is no answer."""
    if reply.state in {LeaseState.ENTRY, LeaseState.DONE}:
        return reply.read.found
    return reply.state is not LeaseState.HELD
