"""Removing written fruit from the cache, and retrying what the cache did not confirm."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from service.domain.cache import (
    LONGEST_FENCED_SECONDS,
    Cache,
    CacheUnavailableError,
    InvalidationOutcome,
)
from service.domain.knobs import Invalidation
from service.domain.live_knobs import LiveKnobs
from service.domain.observer import Observer
from service.pattern.miss_reasons import Note, WriteNote

# Each attempt waits for the longest Redis timeout; a hiccup is shorter than three of them.
ATTEMPTS = 3
# While Redis is known to hang, a write that waits for it only blocks a thread.
MAX_WAITING_FOR_A_SILENT_CACHE = 4
FINISH_PAUSE_SECONDS = 0.05
# A write whose reply was lost may still be carried out for so long after the store answers again.
# The store waits for a lock for less.
UNSETTLED_SECONDS = 5.0

log = logging.getLogger("service")


@dataclass(frozen=True, slots=True)
class Pending:
    """A fruit whose entry may be old.

    Attributes:
        serial: Number of the write; a retry for an earlier write must not settle a later one.
        written_at: When it was written.
        settled_at: When a write whose reply was lost must have ended, one way or the other.
    """

    serial: int
    written_at: float
    settled_at: float


class Invalidations:
    """Invalidates after writes; a failure is retried until done or until the entry expired.

    A write whose reply was lost may be carried out later, so that its fruit is invalidated again
    and again until it must have ended.

    While a fruit's invalidation is pending, this process neither reads nor fills its entry.

    Args:
        cache: Deletes entries.
        knobs: What is in force.
        observer: Notified of every outcome.
        note: Takes a note of every write, for why later lookups miss.
        cache_answers: Returns whether the cache answered recently.
        store_answers: Returns whether the store answered recently.
        clock: Monotonic seconds.
        sleep: Waits between the retries of `finish`.

    Attributes:
        pending: What must be invalidated again, by fruit.
    """

    def __init__(  # noqa: PLR0913 - the parts are joined here
        self,
        cache: Cache,
        knobs: LiveKnobs,
        observer: Observer,
        note: Callable[[Note], object],
        *,
        cache_answers: Callable[[], bool],
        store_answers: Callable[[], bool],
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._cache = cache
        self._knobs = knobs
        self._observer = observer
        self._note = note
        self._cache_answers = cache_answers
        self._store_answers = store_answers
        self._clock = clock
        self._sleep = sleep
        self._silent_places = threading.Semaphore(MAX_WAITING_FOR_A_SILENT_CACHE)
        self._lock = threading.Lock()
        self._serial = 0
        self.pending: dict[int, Pending] = {}

    def invalidate(self, fruit_id: int, *, is_settled: bool = True) -> InvalidationOutcome | None:
        """Remove the entry of a fruit just written; None when the knobs say not to.

        Args:
            fruit_id: Which fruit.
            is_settled: Whether the write has ended; its reply was lost otherwise.
        """
        if self._knobs.current.invalidation is Invalidation.NONE:
            return None
        serial = self._serial
        self._note(WriteNote(fruit_id, self._clock()))
        done = self._try(fruit_id)
        outcome = InvalidationOutcome.DONE if done else InvalidationOutcome.DEFERRED
        if done and is_settled:
            self._settle(fruit_id, serial)
        else:
            self._remember(fruit_id, is_settled=is_settled)
        self._observer.invalidation_ended(outcome)
        return outcome

    def finish(self, within_seconds: float) -> None:
        """Retry until nothing is pending or the time is up; the rest is lost."""
        ends = self._clock() + within_seconds
        while not self.retry(ends - self._clock()) and self._clock() < ends:
            self._sleep(FINISH_PAUSE_SECONDS)
        if left := self._overdue():
            log.warning("%d invalidations are lost: old values stay until their TTL", left)

    def retry(self, within_seconds: float) -> bool:
        """Retry what is pending for at most that long; return whether the cache answered.

        What there was no time for stays pending, so that this process does not use its entry.
        """
        ends = self._clock() + within_seconds
        if not self._store_answers():
            self._extend_unsettled()
        for fruit_id, pending in list(self.pending.items()):
            outcome = InvalidationOutcome.ABANDONED
            if not self._must_have_expired(max(pending.written_at, pending.settled_at)):
                try:
                    self._cache.invalidate(fruit_id)
                except CacheUnavailableError:
                    return False
                outcome = InvalidationOutcome.RETRIED
            if self._settle(fruit_id, pending.serial):
                self._observer.invalidation_ended(outcome)
            if self._clock() > ends:
                return True
        return not self._overdue()

    def _overdue(self) -> int:
        """Return how many are pending but for those that wait for their write to end."""
        now = self._clock()
        return sum(pending.settled_at <= now for pending in list(self.pending.values()))

    def _extend_unsettled(self) -> None:
        """Put off the end of writes whose reply was lost: a store that hangs ends none."""
        with self._lock:
            now = self._clock()
            for fruit_id, pending in self.pending.items():
                if pending.settled_at > now:
                    self.pending[fruit_id] = replace(pending, settled_at=now + UNSETTLED_SECONDS)

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

    def _remember(self, fruit_id: int, *, is_settled: bool) -> None:
        with self._lock:
            self._serial += 1
            now = self._clock()
            settled_at = now if is_settled else now + UNSETTLED_SECONDS
            earlier = self.pending.get(fruit_id)
            if earlier is not None:
                settled_at = max(settled_at, earlier.settled_at)
            self.pending[fruit_id] = Pending(self._serial, now, settled_at)
            self._observer.pending_invalidations(len(self.pending))

    def _settle(self, fruit_id: int, serial: int) -> bool:
        """Forget what was pending up to that write; return whether anything was."""
        with self._lock:
            pending = self.pending.get(fruit_id)
            if pending is None or pending.serial > serial or pending.settled_at > self._clock():
                return False
            del self.pending[fruit_id]
            self._observer.pending_invalidations(len(self.pending))
            return True
