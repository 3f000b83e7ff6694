"""Taking written fruit out of the cache, and not forgetting what the cache did not take."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from service.knobs import Fencing, Invalidation
from service.live_knobs import LiveKnobs
from service.loads import LONGEST_FENCED_SECONDS
from service.lookup import CacheUnavailableError, InvalidationOutcome
from service.observer import Observer

# Each waits as long as is ever waited for Redis; a hiccup is shorter than all together.
ATTEMPTS = 3

log = logging.getLogger("service")


class InvalidatedCache(Protocol):
    """Where entries are deleted."""

    def invalidate(self, fruit_id: int, *, fenced: bool) -> None:
        """Delete an entry; raises CacheUnavailableError when that is not known to be done."""


class Invalidations:
    """Invalidates after writes. What fails is retried until done or until its entry is dead.

    While a fruit's invalidation is pending, this process neither reads nor fills its entry.
    """

    def __init__(
        self,
        cache: InvalidatedCache,
        knobs: LiveKnobs,
        observer: Observer,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with nothing pending."""
        self._cache = cache
        self._knobs = knobs
        self._observer = observer
        self._clock = clock
        self._lock = threading.Lock()
        self._serial = 0
        # By fruit: which write it was (a later one must not be taken for done with an
        # earlier one's retry), and when.
        self._pending: dict[int, tuple[int, float]] = {}

    def invalidate(self, fruit_id: int) -> InvalidationOutcome | None:
        """Take a fruit that was just written out of the cache; None when knobs say not to."""
        knobs = self._knobs.current
        if knobs.invalidation is Invalidation.NONE:
            return None
        fenced, serial = knobs.fencing is Fencing.ON, self._serial
        if self._tried(fruit_id, fenced=fenced):
            outcome = InvalidationOutcome.DONE
            self._settle(fruit_id, serial)
        else:
            outcome = InvalidationOutcome.DEFERRED
            self._remember(fruit_id)
        self._observer.invalidation_ended(outcome)
        return outcome

    def is_pending(self, fruit_id: int) -> bool:
        """Tell whether a fruit's invalidation has yet to reach the cache."""
        return fruit_id in self._pending

    def retry(self) -> bool:
        """Try what is pending; tells whether nothing is left."""
        fenced = self._knobs.current.fencing is Fencing.ON
        for fruit_id, (serial, written_at) in list(self._pending.items()):
            outcome = InvalidationOutcome.ABANDONED
            if not self._is_dead(written_at):
                try:
                    self._cache.invalidate(fruit_id, fenced=fenced)
                except CacheUnavailableError:
                    return False
                outcome = InvalidationOutcome.RETRIED
            if self._settle(fruit_id, serial):
                self._observer.invalidation_ended(outcome)
        return not self._pending

    def _is_dead(self, written_at: float) -> bool:
        """Tell whether no cache can hold what the write replaced.

        Another process' load that began before the write may fill after it, for so long.
        """
        last_fill_at = written_at + LONGEST_FENCED_SECONDS
        return self._knobs.outlived(self._clock() - last_fill_at)

    def _tried(self, fruit_id: int, *, fenced: bool) -> bool:
        """Ask the cache a few times; tells whether it is done."""
        for _ in range(ATTEMPTS):
            try:
                self._cache.invalidate(fruit_id, fenced=fenced)
            except CacheUnavailableError:
                continue
            except Exception:
                # The row is written, so whatever this was, the entry has yet to go.
                log.exception("unforeseen error in an invalidation")
                return False
            return True
        return False

    def _remember(self, fruit_id: int) -> None:
        with self._lock:
            self._serial += 1
            self._pending[fruit_id] = (self._serial, self._clock())

    def _settle(self, fruit_id: int, serial: int) -> bool:
        """Forget what was pending up to then; tells whether anything was."""
        with self._lock:
            pending = self._pending.get(fruit_id)
            if pending is None or pending[0] > serial:
                return False
            del self._pending[fruit_id]
            return True
