"""Taking written fruit out of the cache, and not forgetting what the cache did not take."""

import logging
import threading
import time
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

# Each waits as long as is ever waited for Redis; a hiccup is shorter than all together.
ATTEMPTS = 3
# While Redis is known to hang, each write that waits for it holds a thread for nothing.
MOST_AT_A_SILENT_CACHE = 4
FINISH_PAUSE_SECONDS = 0.05

log = logging.getLogger("service")


class Invalidations:
    """Invalidates after writes. What fails is retried until done or until its entry is dead.

    While a fruit's invalidation is pending, this process neither reads nor fills its entry.
    """

    def __init__(  # noqa: PLR0913 - the parts are joined here
        self,
        cache: Cache,
        knobs: LiveKnobs,
        observer: Observer,
        *,
        cache_answers: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Begin with nothing pending.

        Args:
            cache: Where entries are deleted.
            knobs: What is in force.
            observer: Hears of every outcome.
            cache_answers: Tells whether the cache answered lately.
            clock: Monotonic seconds.
            sleep: Waits between the retries of `finish`.
        """
        self._cache = cache
        self._knobs = knobs
        self._observer = observer
        self._cache_answers = cache_answers
        self._clock = clock
        self._sleep = sleep
        self._places = threading.Semaphore(MOST_AT_A_SILENT_CACHE)
        self._lock = threading.Lock()
        self._serial = 0
        # By fruit: which write it was (a later one must not be taken for done with an
        # earlier one's retry), and when.
        self._pending: dict[int, tuple[int, float]] = {}

    def invalidate(self, fruit_id: int) -> InvalidationOutcome | None:
        """Take a fruit that was just written out of the cache; None when knobs say not to."""
        if self._knobs.current.invalidation is Invalidation.NONE:
            return None
        serial = self._serial
        if self._tried(fruit_id):
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

    def finish(self, within_seconds: float) -> None:
        """Retry until nothing is pending or the time is up; what is left then is lost."""
        ends = self._clock() + within_seconds
        while not self.retry(ends - self._clock()) and self._clock() < ends:
            self._sleep(FINISH_PAUSE_SECONDS)
        if left := len(self._pending):
            log.warning("%d invalidations are lost: old entries may live until their TTL", left)

    def retry(self, within_seconds: float) -> bool:
        """Try what is pending for so long; tells whether the cache took it.

        What there was no time for stays pending, and so this process keeps away from it.
        """
        ends = self._clock() + within_seconds
        for fruit_id, (serial, written_at) in list(self._pending.items()):
            outcome = InvalidationOutcome.ABANDONED
            if not self._is_dead(written_at):
                try:
                    self._cache.invalidate(fruit_id)
                except CacheUnavailableError:
                    return False
                outcome = InvalidationOutcome.RETRIED
            if self._settle(fruit_id, serial):
                self._observer.invalidation_ended(outcome)
            if self._clock() > ends:
                return True
        return not self._pending

    def _is_dead(self, written_at: float) -> bool:
        """Tell whether no cache can hold what the write replaced.

        Another process' load that began before the write may fill after it, for so long.
        """
        last_fill_at = written_at + LONGEST_FENCED_SECONDS
        return self._knobs.outlived(self._clock() - last_fill_at)

    def _tried(self, fruit_id: int) -> bool:
        """Ask the cache a few times, once if it is silent; tells whether it is done."""
        if self._cache_answers():
            return self._asked(fruit_id, ATTEMPTS)
        if not self._places.acquire(blocking=False):
            return False
        try:
            return self._asked(fruit_id, 1)
        finally:
            self._places.release()

    def _asked(self, fruit_id: int, attempts: int) -> bool:
        for _ in range(attempts):
            try:
                self._cache.invalidate(fruit_id)
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
