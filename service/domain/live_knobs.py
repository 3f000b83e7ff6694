"""The knobs in force in this process, and since when the ages of entries are known."""

import threading
import time
from collections.abc import Callable

from service.domain.expiry import full_ttls_ms, longest_ttl_seconds, same_ttls
from service.domain.knobs import Knobs
from service.domain.observer import Observer

# A change reaches every process within this time.
CHANGE_REACHES_ALL_SECONDS = 1.0
# What to add to a monotonic clock for Unix seconds, as they were when this process began. The lives
# of entries do not follow a clock that is set since: their TTLs run in Redis.
MONOTONIC_BEGAN_AT = time.time() - time.monotonic()


class LiveKnobs:
    """Holds one consistent set of knobs; each lookup reads `current` once.

    An entry's age follows from `full_ttls_ms` and its remaining TTL only while every entry was
    written under the current TTLs, which is so from `ages_known_at` on, in Unix seconds: `clock()`
    plus `clock_began_at`. Until `strange_until` there may be entries from before this process.

    Args:
        knobs: The knobs at start, as version 0.
        observer: Notified of every change.
        clock: Monotonic seconds.
        clock_began_at: Unix seconds when the clock was 0.
    """

    def __init__(
        self,
        knobs: Knobs,
        observer: Observer,
        *,
        clock: Callable[[], float] = time.monotonic,
        clock_began_at: float = MONOTONIC_BEGAN_AT,
    ) -> None:
        self.current = knobs
        self.full_ttls_ms = full_ttls_ms(knobs)
        self.version = 0
        self.ages_known_at = 0.0
        self.strange_until = 0.0
        self.clock = clock
        self.clock_began_at = clock_began_at
        self._observer = observer
        self._turning = threading.Lock()
        observer.knobs_turned(knobs)

    def unix_seconds(self) -> float:
        """Return the time; a lookup adds it up itself."""
        return self.clock_began_at + self.clock()

    def hide_ages(self) -> None:
        """Hide ages, as entries of unknown TTL exist, until these must have expired.

        They are assumed to expire no later than an entry written now.
        """
        with self._turning:
            expired_at = self.unix_seconds() + longest_ttl_seconds(self.current)
            self.ages_known_at = max(self.ages_known_at, expired_at)
            self.strange_until = expired_at

    def ages_known_after(self, changed: Knobs) -> float:
        """Return the unix time from which ages are known if these knobs come into force now."""
        if same_ttls(self.current, changed):
            return self.ages_known_at
        expired_at = (
            self.unix_seconds() + CHANGE_REACHES_ALL_SECONDS + longest_ttl_seconds(self.current)
        )
        return max(self.ages_known_at, expired_at)

    def must_have_expired(self, filled_seconds_ago: float) -> bool:
        """Return whether every entry filled that long ago must have expired."""
        if filled_seconds_ago <= longest_ttl_seconds(self.current):
            return False
        return self.unix_seconds() >= self.ages_known_at

    def turn(self, knobs: Knobs, version: int, ages_known_at: float) -> None:
        """Put knobs into force, unless they are older than those in force."""
        with self._turning:
            if version < self.version:
                return
            if knobs == self.current and version == self.version:
                return
            # Readers take them in the opposite order: they must not see new knobs or a new TTL
            # with the old time.
            self.ages_known_at, self.version = ages_known_at, version
            self.full_ttls_ms = full_ttls_ms(knobs)
            self.current = knobs
            self._observer.knobs_turned(knobs)
