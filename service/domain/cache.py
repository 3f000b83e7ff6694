"""The port of the cache: what the pattern asks of it, and the words it answers in."""

from enum import StrEnum
from typing import NamedTuple, Protocol

from service.domain.fruit import Fruit

UNFENCED = "*"
OVERTAKEN = ""
# The cache keeps an invalidation's token for twice the longest load, which is a store delay of
# 10 s and a second of waiting, with some to spare.
GENERATION_SECONDS = 30.0
# A load that took longer than this may have been overtaken by a write whose token is gone.
LONGEST_FENCED_SECONDS = GENERATION_SECONDS - 1.0


class CacheUnavailableError(Exception):
    """The cache did not answer, or is not asked because it recently did not."""


class FillOutcome(StrEnum):
    """What became of writing a loaded value into the cache."""

    STORED = "stored"
    REDUNDANT = "redundant"
    FENCED = "fenced"
    FAILED = "failed"


class InvalidationOutcome(StrEnum):
    """What became of removing a written fruit's entry from the cache."""

    DONE = "done"
    DEFERRED = "deferred"
    RETRIED = "retried"
    ABANDONED = "abandoned"


class LeaseState(StrEnum):
    """The answer to a request for a lease; ENTRY, DONE and FAILED report another's load."""

    ACQUIRED = "acquired"
    HELD = "held"
    ENTRY = "entry"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"


class CacheRead(NamedTuple):
    """What the cache held of one fruit.

    Attributes:
        found: Whether there was a value that could be read.
        fruit: The value; None when absent, poisoned, or a cached absence.
        remaining_ms: Remaining TTL in Redis; -1 without a TTL, -2 without an entry.
        generation: What a fill must find unchanged, where it was read in the same moment.
    """

    found: bool
    fruit: Fruit | None
    remaining_ms: int
    generation: str | None = None


NO_ENTRY = CacheRead(found=False, fruit=None, remaining_ms=-2)


class Claim(NamedTuple):
    """What a load knew of the cache before it began; the cache judges its fill by it.

    Attributes:
        generation: What the cache must still hold for the fill: all claims between two
            invalidations have the same. `UNFENCED` when fills are not fenced, `OVERTAKEN` when
            a write may have come since.
        seen_ms: Remaining TTL of the entry to be replaced; -2 for none.
        lease: Token of the lease held; empty for none.
        asked_at: When the lookup began that missed, before it read the cache.
    """

    generation: str
    seen_ms: int
    lease: str = ""
    asked_at: float = 0.0


class LeaseReply(NamedTuple):
    """The reply to a request for a lease.

    Attributes:
        state: What happened.
        text: The generation when acquired, the holder's token when held.
        read: The entry, or the value left for waiters; not found in the other states.
    """

    state: LeaseState
    text: str
    read: CacheRead


class Cache(Protocol):
    """Entries, leases and the shared knobs; every process of the service sees the same.

    Every method but `fill`, `release_failed`, `ping` and `problem` raises
    `CacheUnavailableError` when the cache does not answer.
    """

    def read(self, fruit_id: int) -> CacheRead:
        """Read an entry and its remaining TTL."""

    def read_ended(self, fruit_id: int) -> CacheRead:
        """Read an entry whose TTL is over, and its generation unless it has been written again."""

    def generation(self, fruit_id: int, seen_ms: int | None) -> tuple[str, CacheRead]:
        """Return what a fill must find unchanged, made if there is none; see `Claim`.

        Args:
            fruit_id: Which fruit.
            seen_ms: Remaining TTL of the entry that the lookup saw, -2 for none; None does not
                look for a newer entry.

        Returns:
            The generation, or `OVERTAKEN` when the cache refused to return one; or the entry
            that another load wrote since, and no generation.
        """

    def fill(
        self, fruit_id: int, fruit: Fruit | None, ttl_ms: int, claim: Claim
    ) -> FillOutcome | None:
        """Write a loaded value unless a write or another fill overtook it, and end the lease.

        Args:
            fruit_id: Which fruit.
            fruit: The row; None is written as a cached absence.
            ttl_ms: TTL of the entry; 0 only removes the entry that was seen.
            claim: What was known before the load.

        Returns:
            None when there was nothing to write.
        """

    def acquire(
        self, fruit_id: int, claim: Claim, lease_ms: int, *, waited_for: str, refresh: bool
    ) -> LeaseReply:
        """Take the lease of a fruit, or learn how another holder's load ended.

        Args:
            fruit_id: Which fruit.
            claim: The token of the new lease, and what the lookup saw.
            lease_ms: When the lease expires if its holder dies.
            waited_for: Token of the holder waited for so far; empty for none.
            refresh: Whether to leave the lease alone while another's result is still there.
        """

    def release_failed(self, fruit_id: int, claim: Claim) -> None:
        """End the lease after a failed load and let its waiters know; never raises."""

    def invalidate(self, fruit_id: int) -> None:
        """Delete an entry and its lease, and mark the loads under way as overtaken."""

    def share_knobs(self, version: int, document: str, based_on: int | None) -> bytes:
        """Offer this process' knobs and return the ones that count; empty for none.

        Args:
            version: Version of this process' knobs.
            document: The knobs as all processes read them.
            based_on: The version that a change was made to; None offers no change.
        """

    def is_empty(self) -> bool:
        """Return whether there is no key at all."""

    def clear(self) -> int:
        """Delete all entries and leases and return how many there were."""

    def ping(self) -> bool:
        """Return whether the cache answers; never raises."""

    def problem(self) -> str | None:
        """Return what keeps the cache from serving; None when nothing does."""
