"""The words of a lookup: its seven results and the record of one."""

from dataclasses import dataclass
from enum import Enum, StrEnum

from service.domain.fruit import Fruit


class LookupResult(StrEnum):
    """How a lookup ended; header, metric label and record field use these words."""

    HIT = "hit"
    STALE = "stale"
    NEGATIVE = "negative"
    MISS = "miss"
    COALESCED = "coalesced"
    BYPASS = "bypass"
    ERROR = "error"


class FillOutcome(StrEnum):
    """What became of writing a loaded value into the cache."""

    STORED = "stored"
    REDUNDANT = "redundant"
    FENCED = "fenced"
    FAILED = "failed"


class InvalidationOutcome(StrEnum):
    """What became of taking a written fruit out of the cache."""

    DONE = "done"
    DEFERRED = "deferred"
    RETRIED = "retried"
    ABANDONED = "abandoned"


class BypassReason(Enum):
    """Why a lookup did not ask the cache."""

    OFF = "off"
    UNREACHABLE = "unreachable"
    INVALIDATION_PENDING = "invalidation-pending"


class CacheUnavailableError(Exception):
    """The cache did not answer, or is not asked because it did not answer before."""


class StoreUnavailableError(Exception):
    """The store did not answer, is not asked, or too many already wait for it."""


class StoreRefusedError(StoreUnavailableError):
    """The store answered, and did not do what it was told (a deadlock, say)."""


@dataclass(frozen=True, slots=True)
class CacheRead:
    """What the cache held of one fruit.

    Attributes:
        found: Whether there was a value that could be read.
        fruit: The value; None when absent, poisoned, or a cached absence.
        remaining_ms: Physical life left; -1 when it never ends, -2 when there is no entry.
    """

    found: bool
    fruit: Fruit | None
    remaining_ms: int


@dataclass(frozen=True, slots=True)
class Claim:
    """What a load knows of the cache from before it began; its fill is judged by it.

    Attributes:
        generation: Token of the last invalidation, which server told it, and when, as the
            cache writes it; `UNFENCED` when fills are not fenced, `OVERTAKEN` when it is
            known to be old.
        seen_ms: Life left of the entry that is to be replaced; -2 for none.
        lease: Token of the lease held; empty for none.
    """

    generation: str
    seen_ms: int
    lease: str = ""

    @property
    def era(self) -> str:
        """What all claims between two invalidations share: the generation without its time.

        Empty for those whose generation tells no time.
        """
        return self.generation.rpartition("@")[0]


UNFENCED = "*"
OVERTAKEN = ""
# How long Redis keeps the token of an invalidation: twice the longest load, which is a store
# delay of 10 s, a second of waiting, and some to spare.
GENERATION_SECONDS = 30.0
# How long one can rely on it: a load that took longer may have been overtaken unnoticed.
LONGEST_FENCED_SECONDS = GENERATION_SECONDS - 1.0


class LeaseState(StrEnum):
    """What became of asking for a lease."""

    ACQUIRED = "acquired"
    HELD = "held"
    ENTRY = "entry"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LeaseReply:
    """The answer to asking for a lease.

    Attributes:
        state: `ENTRY`, `DONE` and `FAILED` tell how another's load ended.
        text: The generation when acquired, the holder's token when held.
        read: The entry or the value left for those who waited; not found otherwise.
    """

    state: LeaseState
    text: str
    read: CacheRead


NO_ENTRY = CacheRead(found=False, fruit=None, remaining_ms=-2)


@dataclass(frozen=True, slots=True)
class Loaded:
    """One value read from the store, and what became of its fill.

    Attributes:
        fruit: None when the store has no such row.
        store_seconds: How long the load took, waiting for its turn included.
        fill: None when no fill was tried.
    """

    fruit: Fruit | None
    store_seconds: float
    fill: FillOutcome | None = None


@dataclass(frozen=True, slots=True)
class Lookup:
    """One answered lookup.

    Attributes:
        fruit: None when there is no such fruit.
        remaining_seconds: Life left of the entry until it is stale; negative when it
            already is; None when nothing was served from the cache or the life never ends.
        age_seconds: None when the age is not known.
        cache_seconds: Spent on the first read of the cache; None when it was not asked.
        store_seconds: Spent loading, in an error also waiting for another's load; None when
            this request did not load.
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
    """A lookup that has no answer.

    Attributes:
        lookup: What is known of it; its result is `ERROR`.
    """

    def __init__(self, message: str, lookup: Lookup) -> None:
        super().__init__(message)
        self.lookup = lookup
