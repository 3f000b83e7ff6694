"""One load for all processes: who holds a fruit's lease loads, the others wait for it."""

import secrets
import time
from collections.abc import Callable
from dataclasses import replace

from service.domain.cache import UNFENCED, Cache, Claim, LeaseReply, LeaseState
from service.domain.knobs import Fencing, Knobs
from service.domain.lookup import Loaded
from service.domain.store import StoreUnavailableError
from service.guards.waiting_room import WaitingRoom
from service.pattern.loads import Loads

# Beyond the store's own delay no load takes as long.
SPARE_SECONDS = 2.0
FIRST_PAUSE_SECONDS = 0.002
LONGEST_PAUSE_SECONDS = 0.02


class Lease:
    """Loads under a lease. A holder that dies holds it no longer than a load may take."""

    def __init__(
        self,
        cache: Cache,
        loads: Loads,
        room: WaitingRoom,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Join the parts."""
        self._cache = cache
        self._loads = loads
        self._room = room
        self._clock = clock
        self._sleep = sleep

    def load(self, fruit_id: int, claim: Claim, knobs: Knobs) -> tuple[Loaded, bool]:
        """Load, or wait for the load of another; tells whether this one loaded.

        Args:
            fruit_id: Which fruit.
            claim: What the lookup saw, the generation included.
            knobs: What is in force.

        Raises:
            CacheUnavailableError: Redis does not answer.
            StoreUnavailableError: The load, one's own or the other's, failed, or too many
                wait.
        """
        asked = replace(claim, lease=secrets.token_hex(8))
        asked, reply = self._ask(fruit_id, asked, _lease_seconds(knobs))
        match reply.state:
            case LeaseState.ACQUIRED:
                held = replace(asked, generation=reply.text)
                return self._load_holding(fruit_id, held, patient=True), True
            case LeaseState.FAILED:
                raise StoreUnavailableError("the load of another process failed")
            case LeaseState.REFUSED:
                return self._loads.load_and_fill(fruit_id, claim), True
        return Loaded(reply.read.fruit, 0.0), False

    def _ask(self, fruit_id: int, asked: Claim, held_seconds: float) -> tuple[Claim, LeaseReply]:
        """Ask until the lease is had or another's load has ended; waits for as long as one may."""
        lease_ms, waited_for, pause = round(held_seconds * 1000), "", FIRST_PAUSE_SECONDS
        reply = self._acquire(fruit_id, asked, lease_ms, waited_for)
        if _is_told(reply):
            return asked, reply
        with self._room.entered() as longest_seconds:
            ends = self._clock() + min(2 * held_seconds, longest_seconds)
            while self._clock() < ends:
                if reply.state is LeaseState.ENTRY:
                    # Poisoned since: from here on only what is newer than that counts.
                    asked = replace(asked, seen_ms=reply.read.remaining_ms)
                else:
                    waited_for = reply.text
                    self._sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                reply = self._acquire(fruit_id, asked, lease_ms, waited_for)
                if _is_told(reply):
                    return asked, reply
        raise StoreUnavailableError("the load of another process takes too long")

    def _acquire(self, fruit_id: int, asked: Claim, lease_ms: int, waited_for: str) -> LeaseReply:
        return self._cache.acquire(fruit_id, asked, lease_ms, waited_for=waited_for, refresh=False)

    def refresh(self, fruit_id: int, seen_ms: int, knobs: Knobs) -> bool:
        """Load and fill if nobody else does or just did; tells whether this one did.

        Raises:
            CacheUnavailableError: Redis does not answer.
            StoreUnavailableError: The load failed.
        """
        lease_ms = round(_lease_seconds(knobs) * 1000)
        generation = "" if knobs.fencing is Fencing.ON else UNFENCED
        asked = Claim(generation, seen_ms, secrets.token_hex(8))
        reply = self._cache.acquire(fruit_id, asked, lease_ms, waited_for="", refresh=True)
        if reply.state is not LeaseState.ACQUIRED:
            return False
        self._load_holding(fruit_id, replace(asked, generation=reply.text), patient=False)
        return True

    def _load_holding(self, fruit_id: int, claim: Claim, *, patient: bool) -> Loaded:
        try:
            return self._loads.load_and_fill(fruit_id, claim, patient=patient)
        except BaseException:
            self._cache.release_failed(fruit_id, claim)
            raise


def _lease_seconds(knobs: Knobs) -> float:
    """Give for how long a holder may load before others do."""
    return knobs.store_delay_seconds + SPARE_SECONDS


def _is_told(reply: LeaseReply) -> bool:
    """Tell whether there is nothing to wait for; a value that cannot be read is no answer."""
    if reply.state in {LeaseState.ENTRY, LeaseState.DONE}:
        return reply.read.found
    return reply.state is not LeaseState.HELD
