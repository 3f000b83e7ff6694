"""The knobs in force in this process, and since when entries can be told their age."""

import threading
import time
from collections.abc import Callable

from service.domain.expiry import longest_life_seconds, same_lives
from service.domain.knobs import Knobs
from service.domain.observer import Observer

# Within this, a change has reached every process.
CARRIED_SECONDS = 1.0


class LiveKnobs:
    """Holds one consistent set of knobs; readers take `current` once per lookup."""

    def __init__(
        self, knobs: Knobs, observer: Observer, *, clock: Callable[[], float] = time.time
    ) -> None:
        """Begin with what the environment says, version 0.

        Args:
            knobs: The knobs at start.
            observer: Hears of every change.
            clock: Unix seconds.
        """
        self.current = knobs
        self.version = 0
        self.ages_known_at = 0.0
        self._observer = observer
        self._clock = clock
        self._turning = threading.Lock()
        observer.knobs_turned(knobs)

    def ages_known(self) -> bool:
        """Tell whether every entry there is was written under the current lives."""
        return self._clock() >= self.ages_known_at

    def found_entries(self) -> None:
        """Hear that there are entries of which nobody knows under which lives they were written.

        They are taken for gone when entries of one's own would be.
        """
        with self._turning:
            gone_at = self._clock() + longest_life_seconds(self.current)
            self.ages_known_at = max(self.ages_known_at, gone_at)

    def horizon(self, changed: Knobs) -> float:
        """Give the unix time from which ages are known if these knobs came into force now."""
        if same_lives(self.current, changed):
            return self.ages_known_at
        return max(
            self.ages_known_at, self._clock() + CARRIED_SECONDS + longest_life_seconds(self.current)
        )

    def outlived(self, seconds: float) -> bool:
        """Tell whether every entry that was filled so many seconds ago must have ended."""
        return seconds > longest_life_seconds(self.current) and self.ages_known()

    def turn(self, knobs: Knobs, version: int, ages_known_at: float) -> None:
        """Put knobs into force, unless they are older than those in force."""
        with self._turning:
            if version < self.version:
                return
            if knobs == self.current and version == self.version:
                return
            # Readers take `current` first: they must not find it new and its ages still known.
            self.ages_known_at, self.version = ages_known_at, version
            self.current = knobs
            self._observer.knobs_turned(knobs)
