"""The words of a lookup: its eight results and the record of one."""

from enum import Enum, StrEnum
from typing import NamedTuple

from service.domain.cache import FillOutcome
from service.domain.fruit import Fruit
from service.domain.store import StoreUnavailableError


class LookupResult(StrEnum):
    """How a lookup ended; header, metric label and record field use these words."""

    HIT = "hit"
    NEAR = "near"
    STALE = "stale"
    NEGATIVE = "negative"
    MISS = "miss"
    COALESCED = "coalesced"
    BYPASS = "bypass"
    ERROR = "error"


class MissReason(StrEnum):
    """Why a lookup found no entry, as far as the process that missed knows."""

    FIRST = "first"
    EXPIRED = "expired"
    INVALIDATED = "invalidated"
    EVICTED = "evicted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class BypassReason(Enum):
    """Why a lookup did not ask the cache."""

    OFF = "off"
    UNREACHABLE = "unreachable"
    INVALIDATION_PENDING = "invalidation-pending"


class Loaded(NamedTuple):
    """One value read from the store, and what became of its fill.

    Attributes:
        fruit: None when the store has no such row.
        store_seconds: Duration of the load, including the wait for its turn.
        fill: None when no fill was tried.
    """

    fruit: Fruit | None
    store_seconds: float
    fill: FillOutcome | None = None


class Lookup(NamedTuple):
    """One answered lookup.

    Attributes:
        fruit: None when there is no such fruit.
        result: How it ended.
        remaining_seconds: Remaining TTL of the entry until it is stale; negative when it
            already is; None when nothing was served from the cache or the entry has no TTL.
        age_seconds: Age of the served entry; None when it is not known.
        cache_seconds: Duration of the first read of the cache; None when it was not asked.
        store_seconds: Duration of the load, in an error also of the wait for another's load;
            None when this request did not load.
        refresh: Whether this lookup began a refresh in the background.
        bypass: Why the cache was not used; None when it was.
        fill: What became of this request's fill; None when it made none.
    """

    fruit: Fruit | None
    result: LookupResult
    remaining_seconds: float | None = None
    age_seconds: float | None = None
    cache_seconds: float | None = None
    store_seconds: float | None = None
    refresh: bool = False
    bypass: BypassReason | None = None
    fill: FillOutcome | None = None


class LookupFailedError(StoreUnavailableError):
    """A lookup without an answer.

    Attributes:
        lookup: What is known of it; its result is `ERROR`.
    """

    def __init__(self, message: str, lookup: Lookup) -> None:
        super().__init__(message)
        self.lookup = lookup
