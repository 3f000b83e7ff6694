"""What the parts tell of what they do; metrics is one listener, tests have another."""

from typing import Protocol

from service.domain.cache import FillOutcome, InvalidationOutcome
from service.domain.knobs import Knobs
from service.domain.lookup import LookupResult


class Observer(Protocol):
    """Hears of every event once; each call is cheap and never raises. Times are seconds."""

    def lookup_ended(self, result: LookupResult, seconds: float) -> None:
        """Hear that a lookup ended; exactly one call for each lookup."""

    def entry_age(self, seconds: float) -> None:
        """Hear the age of a served entry, where it is known."""

    def cache_op(self, op: str, seconds: float) -> None:
        """Hear that an exchange with the cache ended, well or not."""

    def cache_error(self, op: str) -> None:
        """Hear that an exchange with the cache failed, or that a value was poisoned."""

    def key_reads(self, found: int, missing: int) -> None:
        """Hear how many keys a command or script read, as Redis itself counts them."""

    def fill_ended(self, outcome: FillOutcome) -> None:
        """Hear what became of a fill."""

    def invalidation_ended(self, outcome: InvalidationOutcome) -> None:
        """Hear what became of an invalidation."""

    def store_query(self, op: str, outcome: str, seconds: float) -> None:
        """Hear that a query ended: ok, absent or error."""

    def store_in_flight(self, change: int) -> None:
        """Hear that a query began (+1) or ended (-1)."""

    def breaker_turned(self, dependency: str, is_open: bool) -> None:
        """Hear that a dependency is no longer asked, or is asked again."""

    def knobs_turned(self, knobs: Knobs) -> None:
        """Hear which knobs are in force."""
