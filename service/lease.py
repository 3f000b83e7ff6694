"""One load for all processes: who holds a fruit's lease loads, the others wait for it."""

import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from service.knobs import Fencing, Knobs
from service.loads import Loads
from service.lookup import (
    UNFENCED,
    Claim,
    LeaseReply,
    LeaseState,
    Loaded,
    StoreUnavailableError,
)

# Beyond the store's own delay no load takes as long.
SPARE_SECONDS = 2.0
FIRST_PAUSE_SECONDS = 0.002
LONGEST_PAUSE_SECONDS = 0.02


class LeaseCache(Protocol):
    """Where leases lie."""

    def acquire(
        self, fruit_id: int, claim: Claim, lease_ms: int, *, waited_for: str, refresh: bool
    ) -> LeaseReply:
        """Take a lease or learn of another's; raises CacheUnavailableError."""

    def release_failed(self, fruit_id: int, claim: Claim) -> None:
        """End one's own lease after a failed load; never raises."""


class Lease:
    """Loads under a lease. A holder that dies holds it no longer than a load may take."""

    def __init__(
        self,
        cache: LeaseCache,
        loads: Loads,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Join the parts."""
        self._cache = cache
        self._loads = loads
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
            StoreUnavailableError: The load, one's own or the other's, failed.
        """
        lease_seconds = knobs.store_delay_seconds + SPARE_SECONDS
        ends = self._clock() + 2 * lease_seconds
        asked = replace(claim, lease=secrets.token_hex(8))
        waited_for, pause = "", FIRST_PAUSE_SECONDS
        while self._clock() < ends:
            reply = self._cache.acquire(
                fruit_id, asked, round(lease_seconds * 1000), waited_for=waited_for, refresh=False
            )
            match reply.state:
                case LeaseState.ACQUIRED:
                    held = replace(asked, generation=reply.text)
                    return self._load_holding(fruit_id, held, patient=True), True
                case LeaseState.ENTRY | LeaseState.DONE if reply.read.found:
                    return Loaded(reply.read.fruit, 0.0), False
                case LeaseState.ENTRY:
                    # Poisoned since: from here on only what is newer than that counts.
                    asked = replace(asked, seen_ms=reply.read.remaining_ms)
                    continue
                case LeaseState.FAILED:
                    raise StoreUnavailableError("the load of another process failed")
                case LeaseState.REFUSED:
                    return self._loads.load_and_fill(fruit_id, claim), True
            waited_for = reply.text
            self._sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        raise StoreUnavailableError("the load of another process takes too long")

    def refresh(self, fruit_id: int, seen_ms: int, knobs: Knobs) -> bool:
        """Load and fill if nobody else does or just did; tells whether this one did.

        Raises:
            CacheUnavailableError: Redis does not answer.
            StoreUnavailableError: The load failed.
        """
        lease_ms = round((knobs.store_delay_seconds + SPARE_SECONDS) * 1000)
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
