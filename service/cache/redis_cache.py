"""The cache in Redis: every command and script that the service sends."""

import re
import secrets
from typing import Any

from service.cache import scripts
from service.cache.redis_calls import RedisCalls
from service.cache.wire import Refusal
from service.domain.cache import (
    GENERATION_SECONDS,
    LONGEST_FENCED_SECONDS,
    NO_ENTRY,
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

# What a load left in its lease stays for as long as a waiter may sleep between two looks.
LEFT_MS = 500
# One byte more than a value can have; as bytes, for numbers are slower to send.
WHOLE = (b"0", str(MAX_VALUE_BYTES).encode())
# What a range of an absent key is; an empty value looks the same, but has a life.
ABSENT = b""
SETTINGS_KEY = "cacheaside:settings"
SETTINGS_MS = 10_000
ENTRY_OR_LEASE = re.compile(rb"fruit:(\d+)|\{fruit:(\d+)\}:lease")
DELETED_TOGETHER = 500


class RedisCache:
    """Fruit in Redis, one entry each, under the keys that the seed shows."""

    def __init__(self, calls: RedisCalls, observer: Observer) -> None:
        """Join the parts; sends nothing.

        Args:
            calls: Carries commands to Redis and replies back.
            observer: Hears of every key read, and of poisoned values.
        """
        self._calls = calls
        self._observer = observer

    def read(self, fruit_id: int) -> CacheRead:
        """Read an entry and the life it has left.

        A value that cannot be the fruit is counted and reads as not found, so that the
        load which follows replaces it. Of a longer value than can be, only so much is fetched
        as shows it.

        Raises:
            CacheUnavailableError: Redis does not answer, or refuses to.
        """
        key = f"fruit:{fruit_id}"
        value, remaining_ms = self._calls.exchange(
            "read", key, (("GETRANGE", key, *WHOLE), ("PTTL", key)), _entry_reads
        )
        if isinstance(value, Refusal) or isinstance(remaining_ms, Refusal):
            self._require_wrong_type(value, remaining_ms)
        if value == ABSENT and remaining_ms == -2:
            return NO_ENTRY
        return self._decoded(fruit_id, value, remaining_ms)

    def generation(self, fruit_id: int) -> str:
        """Read what tells a fill whether its fruit was written since; see `Claim.era`.

        Raises:
            CacheUnavailableError: Redis does not answer.
        """
        reply = self._calls.run("generation", scripts.GENERATION, _keys(fruit_id), ())
        return "" if reply is None else reply[0].decode("ascii", "replace")

    def fill(
        self, fruit_id: int, fruit: Fruit | None, ttl_ms: int, claim: Claim
    ) -> FillOutcome | None:
        """Write a loaded value with its life unless it was overtaken, and end the lease.

        Args:
            fruit_id: Which fruit.
            fruit: The row; None is written as a cached absence.
            ttl_ms: The entry's life; 0 only removes the one that was seen, and ends the lease.
            claim: What was known before the load.

        Returns:
            None when there was nothing to write.
        """
        written = (to_value(fruit), ttl_ms, claim.generation, claim.seen_ms)
        argv = (*written, claim.lease, LEFT_MS, round(LONGEST_FENCED_SECONDS))
        try:
            reply = self._calls.run("fill", scripts.FILL, _keys(fruit_id), argv)
        except CacheUnavailableError:
            return FillOutcome.FAILED
        if reply is None:
            return FillOutcome.FAILED
        outcome = reply[0].decode()
        return None if outcome == "nothing" else FillOutcome(outcome)

    def acquire(
        self, fruit_id: int, claim: Claim, lease_ms: int, *, waited_for: str, refresh: bool
    ) -> LeaseReply:
        """Take the lease of a fruit, or learn how another's load ended.

        Args:
            fruit_id: Which fruit.
            claim: The lease's new token, and what the lookup saw.
            lease_ms: When the lease ends by itself, should its holder die.
            waited_for: Token of the holder waited for so far; empty for none.
            refresh: Whether to stay away while another's result still lies there.

        Raises:
            CacheUnavailableError: Redis does not answer.
        """
        fenced = UNFENCED if claim.generation == UNFENCED else ""
        argv = (claim.lease, lease_ms, fenced, claim.seen_ms, waited_for, int(refresh))
        reply = self._calls.run("lease", scripts.ACQUIRE, _keys(fruit_id), argv)
        if reply is None:
            return LeaseReply(LeaseState.REFUSED, "", NO_ENTRY)
        state, text, remaining_ms = LeaseState(reply[0].decode()), reply[1], reply[2]
        if state in {LeaseState.ENTRY, LeaseState.DONE}:
            return LeaseReply(state, "", self._decoded(fruit_id, text, remaining_ms))
        return LeaseReply(state, text.decode("ascii", "replace"), NO_ENTRY)

    def release_failed(self, fruit_id: int, claim: Claim) -> None:
        """End one's own lease and tell those who wait that the load failed; never raises."""
        argv = (claim.lease, "failed:", LEFT_MS)
        try:
            self._calls.run("lease", scripts.RELEASE, _keys(fruit_id), argv)
        except CacheUnavailableError:
            return  # the lease ends by itself

    def invalidate(self, fruit_id: int) -> None:
        """Delete the entry and its lease, and mark that loads begun before are old.

        Redis is asked whatever the breaker says, and waited for: a lookup has the store to
        turn to, but an invalidation that is left undone is a stale answer.

        Raises:
            CacheUnavailableError: Redis did not say that it is done.
        """
        argv = (secrets.token_hex(8), round(GENERATION_SECONDS * 1000))
        keys = _keys(fruit_id)
        if self._calls.run("invalidate", scripts.INVALIDATE, keys, argv, probing=True) is None:
            raise CacheUnavailableError("Redis refused the invalidation")

    def share_knobs(self, version: int, document: str, based_on: int | None) -> bytes:
        """Offer this process' knobs and give those that Redis now carries; empty for none.

        Args:
            version: Of this process' knobs.
            document: The knobs as all processes read them.
            based_on: The version that a change was made from; None only looks.

        Raises:
            CacheUnavailableError: Redis does not answer.
        """
        argv = (version, document, SETTINGS_MS, "" if based_on is None else based_on)
        reply = self._calls.run("settings", scripts.CARRY, (SETTINGS_KEY,), argv)
        if reply is None:
            raise CacheUnavailableError("Redis refused to carry the settings")
        return bytes(reply[0])

    def is_empty(self) -> bool:
        """Tell whether there is no key at all; in a cluster, none on the settings' node.

        Raises:
            CacheUnavailableError: Redis does not answer.
        """
        reply = self._calls.run("settings", scripts.SIZE, (SETTINGS_KEY,), ())
        return reply is not None and reply[0] == 0

    def ping(self) -> bool:
        """Ask Redis for a sign of life, whatever the breaker says."""
        try:
            (reply,) = self._calls.exchange("ping", "", (("PING",),), probing=True)
        except CacheUnavailableError:
            return False
        return not isinstance(reply, Refusal)

    def clear(self) -> int:
        """Delete all entries and leases of ours and give their number; other keys stay.

        So do generations: they fence loads that are under way, and end by themselves.

        Raises:
            CacheUnavailableError: Redis does not answer.
        """
        keys = [key for key in self._calls.scan("clear", "*fruit:*") if _is_cleared(key)]
        deleted = 0
        for first in range(0, len(keys), DELETED_TOGETHER):
            # One command for each key, for a cluster has them on several nodes.
            unlinks = [("UNLINK", key) for key in keys[first : first + DELETED_TOGETHER]]
            replies = self._calls.exchange("clear", "", unlinks, probing=True)
            deleted += sum(reply for reply in replies if isinstance(reply, int))
        return deleted

    def _require_wrong_type(self, *replies: object) -> None:
        """Raise CacheUnavailableError where Redis refused for another reason than the type."""
        for reply in replies:
            if isinstance(reply, Refusal) and not reply.is_wrong_type:
                self._observer.cache_error("read")
                raise CacheUnavailableError(reply.reason)

    def _decoded(self, fruit_id: int, value: object, remaining_ms: int) -> CacheRead:
        """Read a value; one of another type comes as the error that Redis gave instead."""
        try:
            fruit = from_value(value if isinstance(value, bytes) else b"", fruit_id)
        except PoisonedValueError:
            self._observer.cache_error("decode")
            return CacheRead(False, None, remaining_ms)
        return CacheRead(True, fruit, max(remaining_ms, -1))


def _keys(fruit_id: int) -> tuple[str, str, str]:
    entry = f"fruit:{fruit_id}"
    return entry, f"{{{entry}}}:gen", f"{{{entry}}}:lease"


def _is_cleared(key: bytes) -> bool:
    match = ENTRY_OR_LEASE.fullmatch(key)
    return match is not None and parse_id((match[1] or match[2]).decode()) is not None


def _life_reads(replies: list[Any]) -> tuple[int, int]:
    if isinstance(replies[-1], Refusal):
        return 0, 0
    return (0, 1) if replies[-1] == -2 else (1, 0)


def _entry_reads(replies: list[Any]) -> tuple[int, int]:
    value, (lives, dead) = replies[0], _life_reads(replies)
    if isinstance(value, Refusal) and not value.is_wrong_type:
        return lives, dead
    return (lives, dead + 1) if dead and value == ABSENT else (lives + 1, dead)
