"""The events that the parts report; metrics records them, tests record them otherwise."""

from typing import Protocol

from service.domain.cache import FillOutcome, InvalidationOutcome
from service.domain.knobs import Knobs
from service.domain.lookup import LookupResult, MissReason
from service.domain.store import ShadowOutcome


class Observer(Protocol):
    """Records each event once; every call is cheap and never raises. Times are in seconds."""

    def lookup_ended(self, result: LookupResult, seconds: float, age_seconds: float | None) -> None:
        """Record that a lookup ended, and the age of what it served, None when it is not known.

        Called exactly once for each lookup.
        """

    def missed(self, reason: MissReason) -> None:
        """Record why a lookup missed; called once for each miss, some time after it."""

    def cache_op(self, op: str, seconds: float, found: int, missing: int) -> None:
        """Record that an exchange with the cache ended, whether or not it failed, and its reads.

        The reads are the keys that a command or script found or missed, as Redis counts them.
        """

    def cache_error(self, op: str) -> None:
        """Record that an exchange with the cache failed, or that a value was poisoned."""

    def key_reads(self, found: int, missing: int) -> None:
        """Record the reads of an exchange whose replies came after it had failed."""

    def fill_ended(self, outcome: FillOutcome) -> None:
        """Record the outcome of a fill."""

    def invalidation_ended(self, outcome: InvalidationOutcome) -> None:
        """Record the outcome of an invalidation."""

    def store_query(self, op: str, outcome: str, seconds: float) -> None:
        """Record that a query ended with the outcome ok, absent or error."""

    def shadow_read(self, outcome: ShadowOutcome, age_seconds: float | None) -> None:
        """Record what a hit was that was read again, and its age, None when it is not known."""

    def store_in_flight(self, change: int) -> None:
        """Record that a query began (+1) or ended (-1)."""

    def pending_invalidations(self, count: int) -> None:
        """Record how many invalidations are pending."""

    def failed(self, dependency: str, cause: str) -> None:
        """Record that a call of redis or store failed, by a cause of `CAUSES`."""

    def breaker_turned(self, dependency: str, is_open: bool) -> None:
        """Record that a breaker opened or closed."""

    def knobs_turned(self, knobs: Knobs) -> None:
        """Record the knobs in force."""
