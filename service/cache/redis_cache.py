"""The cache in Redis: every command and script that the service sends."""

import random
import re
import secrets
from contextlib import suppress

from service.cache import scripts
from service.cache.probe import Probe, first_refusal, require_entry
from service.cache.redis_calls import ABSENT, WHOLE, RedisCalls, count_entry_reads
from service.domain.cache import (
    GENERATION_SECONDS,
    NO_ENTRY,
    OVERTAKEN,
    UNFENCED,
    CacheRead,
    CacheUnavailableError,
    Claim,
    FillOutcome,
    LeaseReply,
    LeaseState,
)
from service.domain.fruit import (
    MAX_VALUE_BYTES,
    Fruit,
    PoisonedValueError,
    from_value,
    parse_id,
    to_value,
)
from service.domain.observer import Observer

# The result of a load stays in its lease for as long as a waiter may sleep between two looks.
LEFT_MS = 500
# How long Redis keeps a generation that nothing asks for.
KEPT_MS = round(GENERATION_SECONDS * 1000)
FILL_OUTCOMES = {b"nothing": None, **{word.encode(): word for word in FillOutcome}}
NO_FRUIT = 0  # No fruit has this id, so that nobody reads its entry.
KNOBS_KEY = "cacheaside:settings"
KNOBS_MS = 10_000
ENTRY_OR_LEASE = re.compile(rb"fruit:(\d+)|\{fruit:(\d+)\}:lease")
DELETED_TOGETHER = 500


class RedisCache:
    """Fruit in Redis, one entry each, under the keys that the README shows; see `Cache`.

    Args:
        calls: Sends commands to Redis and returns their replies.
        observer: Counts every key read, and poisoned values.
    """

    def __init__(self, calls: RedisCalls, observer: Observer) -> None:
        self._calls = calls
        self._probe = Probe(calls, _keys(NO_FRUIT))
        self._observer = observer

    def read(self, fruit_id: int) -> CacheRead:
        """Read an entry and its remaining TTL.

        A poisoned value is counted and reads as not found, so that the load that follows
        replaces it. An overlong value is fetched only as far as needed to recognise it.
        """
        key = f"fruit:{fruit_id}"
        value, remaining_ms = self._calls.exchange(
            "read", key, (("GETRANGE", key, *WHOLE), ("PTTL", key)), count_entry_reads
        )
        if type(value) is not bytes or type(remaining_ms) is not int:
            require_entry(self._calls, value, remaining_ms)
        if value == ABSENT and remaining_ms == -2:
            return NO_ENTRY
        return self._decode(fruit_id, value, remaining_ms)

    def read_ended(self, fruit_id: int) -> CacheRead:
        """Read an entry whose TTL is over, and its generation unless it has been written again."""
        argv = (_token(), KEPT_MS, MAX_VALUE_BYTES)
        reply = self._calls.run("read", scripts.READ_ENDED, _keys(fruit_id), argv)
        if reply is None:
            return self.read(fruit_id)  # Redis may refuse the script alone.
        with self._calls.parsing("read"):
            generation, value, remaining_ms, *_ = reply
            if not generation:
                return self._decode(fruit_id, value, remaining_ms)
            return CacheRead(False, None, -2, generation.decode("ascii", "replace"))

    def generation(self, fruit_id: int, seen_ms: int | None) -> tuple[str, CacheRead]:
        """Return what a fill must find unchanged, or the entry that was written meanwhile."""
        argv = (_token(), KEPT_MS, "" if seen_ms is None else seen_ms)
        reply = self._calls.run("generation", scripts.GENERATION, _keys(fruit_id), argv)
        if reply is None:
            return OVERTAKEN, NO_ENTRY
        with self._calls.parsing("generation"):
            generation, value, remaining_ms, *_ = reply
            if not generation:
                return OVERTAKEN, self._decode(fruit_id, value, remaining_ms)
            return generation.decode("ascii", "replace"), NO_ENTRY

    def fill(
        self, fruit_id: int, fruit: Fruit | None, ttl_ms: int, claim: Claim
    ) -> FillOutcome | None:
        """Write a loaded value unless a write or another fill overtook it, and end the lease."""
        entry = (to_value(fruit), ttl_ms, claim.generation, claim.seen_ms)
        argv = (*entry, claim.lease, LEFT_MS)
        try:
            reply = self._calls.run("fill", scripts.FILL, _keys(fruit_id), argv)
            if reply is None:
                return FillOutcome.FAILED
            with self._calls.parsing("fill"):
                return FILL_OUTCOMES[reply[0]]
        except CacheUnavailableError:
            return FillOutcome.FAILED

    def acquire(
        self, fruit_id: int, claim: Claim, lease_ms: int, *, waited_for: str, refresh: bool
    ) -> LeaseReply:
        """Take the lease of a fruit, or learn how another holder's load ended."""
        kept = UNFENCED if claim.generation == UNFENCED else KEPT_MS
        argv = (claim.lease, lease_ms, kept, claim.seen_ms, waited_for, int(refresh))
        reply = self._calls.run("lease", scripts.ACQUIRE, _keys(fruit_id), argv)
        if reply is None:
            return LeaseReply(LeaseState.REFUSED, "", NO_ENTRY)
        with self._calls.parsing("lease"):
            state, text, remaining_ms = LeaseState(reply[0].decode()), reply[1], reply[2]
            if state in {LeaseState.ENTRY, LeaseState.DONE}:
                return LeaseReply(state, "", self._decode(fruit_id, text, remaining_ms))
            return LeaseReply(state, text.decode("ascii", "replace"), NO_ENTRY)

    def release_failed(self, fruit_id: int, claim: Claim) -> None:
        """End the lease after a failed load and let its waiters know; never raises."""
        argv = (claim.lease, "failed:", LEFT_MS)
        # A lease that cannot be released expires by itself.
        with suppress(CacheUnavailableError):
            self._calls.run("lease", scripts.RELEASE, _keys(fruit_id), argv)

    def invalidate(self, fruit_id: int) -> None:
        """Delete an entry and its lease, and mark the loads under way as overtaken.

        Redis is called and waited for even while the breaker is open: a lookup can use the
        store instead, but a missed invalidation leaves a stale entry.
        """
        argv = (secrets.token_hex(8), KEPT_MS)
        keys = _keys(fruit_id)
        reply = self._calls.run("invalidate", scripts.INVALIDATE, keys, argv, probing=True)
        if reply != [0, 0]:
            raise CacheUnavailableError("Redis refused the invalidation")

    def share_knobs(self, version: int, document: str, based_on: int | None) -> bytes:
        """Offer this process' knobs and return the ones that count; empty for none."""
        argv = (version, document, KNOBS_MS, "" if based_on is None else based_on)
        reply = self._calls.run("settings", scripts.SHARE_KNOBS, (KNOBS_KEY,), argv)
        if reply is None:
            raise CacheUnavailableError("Redis refused to store the knobs")
        with self._calls.parsing("settings"):
            stored, *_ = reply
            return b"".join([stored])

    def is_empty(self) -> bool:
        """Return whether there is no key at all; in a cluster, none on the knobs' node."""
        reply = self._calls.run("settings", scripts.SIZE, (KNOBS_KEY,), ())
        return reply is not None and reply[0] == 0

    def ping(self) -> bool:
        """Return whether Redis answers; see `Probe`."""
        return self._probe.answers()

    def problem(self) -> str | None:
        """Return what keeps Redis from lookups and fills; None when nothing does."""
        return self._probe.find_problem()

    def clear(self) -> int:
        """Delete all entries and leases and return how many there were; other keys stay.

        Generations stay too: they fence the loads under way, and expire by themselves.
        """
        keys = [key for key in self._calls.scan("clear", "*fruit:*") if _is_cleared(key)]
        deleted = 0
        for first in range(0, len(keys), DELETED_TOGETHER):
            # One command for each key, because a cluster has them on several nodes.
            unlinks = [("UNLINK", key) for key in keys[first : first + DELETED_TOGETHER]]
            replies = self._calls.exchange("clear", "", unlinks, probing=True)
            if (refused := first_refusal(replies)) is not None:
                raise CacheUnavailableError(f"it refused to delete: {refused.reason}")
            with self._calls.parsing("clear"):
                deleted += sum(replies)
        return deleted

    def _decode(self, fruit_id: int, value: object, remaining_ms: int) -> CacheRead:
        """Decode a value; for a key of another type Redis returned an error in its place."""
        try:
            fruit = from_value(value if isinstance(value, bytes) else b"", fruit_id)
        except PoisonedValueError:
            self._observer.cache_error("decode")
            return CacheRead(False, None, remaining_ms)
        return CacheRead(True, fruit, max(remaining_ms, -1))


def _keys(fruit_id: int) -> tuple[str, str, str]:
    entry = f"fruit:{fruit_id}"
    return entry, f"{{{entry}}}:gen", f"{{{entry}}}:lease"


def _token() -> str:
    """Return a token that no other load has, without asking the system as `secrets` does."""
    return f"{random.getrandbits(64):016x}"


def _is_cleared(key: bytes) -> bool:
    match = ENTRY_OR_LEASE.fullmatch(key)
    return match is not None and parse_id((match[1] or match[2]).decode()) is not None
