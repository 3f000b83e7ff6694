"""Removing written fruit from the cache, and retrying what the cache did not confirm."""

import logging
import threading
from collections.abc import Callable

from service.domain.cache import (
    LONGEST_FENCED_SECONDS,
    Cache,
    CacheUnavailableError,
    InvalidationOutcome,
)
from service.domain.knobs import Invalidation
from service.domain.live_knobs import LiveKnobs
from service.domain.observer import Observer

# Each attempt waits for the longest Redis timeout; a hiccup is shorter than three of them.
ATTEMPTS = 3
# While Redis is known to hang, a write that waits for it only blocks a thread.
MAX_WAITING_FOR_A_SILENT_CACHE = 4
FINISH_PAUSE_SECONDS = 0.05

log = logging.getLogger("service")


class Invalidations:
    """Invalidates after writes; a failure is retried until done or until the entry expired.

    While a fruit's invalidation is pending, this process neither reads nor fills its entry.

    Args:
        cache: Deletes entries.
        knobs: What is in force.
        observer: Notified of every outcome.
        cache_answers: Returns whether the cache answered recently.
        clock: Monotonic seconds.
        sleep: Waits between the retries of `finish`.

    Attributes:
        pending: By fruit, the serial number of the write (a retry for an earlier write must
            not settle a later one) and when it was.
    """

    def __init__(  # noqa: PLR0913 - the parts are joined here
        self,
        cache: Cache,
        knobs: LiveKnobs,
        observer: Observer,
        *,
        cache_answers: Callable[[], bool],
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._cache = cache
        self._knobs = knobs
        self._observer = observer
        self._cache_answers = cache_answers
        self._clock = clock
        self._sleep = sleep
        self._silent_places = threading.Semaphore(MAX_WAITING_FOR_A_SILENT_CACHE)
        self._lock = threading.Lock()
        self._serial = 0
        self.pending: dict[int, tuple[int, float]] = {}

    def invalidate(self, fruit_id: int) -> InvalidationOutcome | None:
        """Remove the entry of a fruit just written; None when the knobs say not to."""
        if self._knobs.current.invalidation is Invalidation.NONE:
            return None
        serial = self._serial
        if self._try(fruit_id):
            outcome = InvalidationOutcome.DONE
            self._settle(fruit_id, serial)
        else:
            outcome = InvalidationOutcome.DEFERRED
            self._remember(fruit_id)
        self._observer.invalidation_ended(outcome)
        return outcome

    def finish(self, within_seconds: float) -> None:
        """Retry until nothing is pending or the time is up; the rest is lost."""
        ends = self._clock() + within_seconds
        while not self.retry(ends - self._clock()) and self._clock() < ends:
            self._sleep(FINISH_PAUSE_SECONDS)
        if left := len(self.pending):
            log.warning("%d invalidations are lost: old values stay until their TTL", left)

    def retry(self, within_seconds: float) -> bool:
        """Retry what is pending for at most that long; return whether the cache answered.

        What there was no time for stays pending, so that this process does not use its entry.
        """
        ends = self._clock() + within_seconds
        for fruit_id, (serial, written_at) in list(self.pending.items()):
            outcome = InvalidationOutcome.ABANDONED
            if not self._must_have_expired(written_at):
                try:
                    self._cache.invalidate(fruit_id)
                except CacheUnavailableError:
                    return False
                outcome = InvalidationOutcome.RETRIED
            if self._settle(fruit_id, serial):
                self._observer.invalidation_ended(outcome)
            if self._clock() > ends:
                return True
        return not self.pending

    def _must_have_expired(self, written_at: float) -> bool:
        """Return whether no cache can still hold the value that the write replaced.

        Another process' load that began before the write may fill for some time after it.
        """
        last_fill_at = written_at + LONGEST_FENCED_SECONDS
        return self._knobs.must_have_expired(self._clock() - last_fill_at)

    def _try(self, fruit_id: int) -> bool:
        """Ask the cache a few times, or once if it is silent; return whether it did it."""
        if self._cache_answers():
            return self._attempt(fruit_id, ATTEMPTS)
        if not self._silent_places.acquire(blocking=False):
            return False
        try:
            return self._attempt(fruit_id, 1)
        finally:
            self._silent_places.release()

    def _attempt(self, fruit_id: int, attempts: int) -> bool:
        for _ in range(attempts):
            try:
                self._cache.invalidate(fruit_id)
            except CacheUnavailableError:
                continue
            except Exception:
                # The row is written, so the entry must go, whatever failed here.
                log.exception("unexpected error in an invalidation")
                return False
            return True
        return False

    def _remember(self, fruit_id: int) -> None:
        with self._lock:
            self._serial += 1
            self.pending[fruit_id] = (self._serial, self._clock())

    def _settle(self, fruit_id: int, serial: int) -> bool:
        """Forget what was pending up to that write; return whether anything was."""
        with self._lock:
            pending = self.pending.get(fruit_id)
            if pending is None or pending[0] > serial:
                return False
            del self.pending[fruit_id]
            return True
