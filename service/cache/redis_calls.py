"""Calls of Redis: timed, counted, and refused while Redis does not answer."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from service.cache.scripts import Script
from service.cache.wire import Breaker, Command, Connections, Late, NoReplyError, Refusal
from service.domain.cache import CacheUnavailableError
from service.domain.failures import Failures
from service.domain.fruit import MAX_VALUE_BYTES
from service.domain.observer import Observer

Reads = Callable[[list[Any]], tuple[int, int]]

# The range of bytes that has a whole value and one more; as bytes, which redis-py sends faster.
WHOLE = (b"0", str(MAX_VALUE_BYTES).encode())
# The range of an absent key; that of an empty value is the same, but has a TTL.
ABSENT = b""


class RedisCalls:
    """Sends commands and scripts for the cache while the breaker is closed.

    Args:
        connections: How Redis is reached.
        breaker: Refuses every call but a probe while Redis is silent.
        observer: Counts and times every call.
    """

    def __init__(self, connections: Connections, breaker: Breaker, observer: Observer) -> None:
        self._connections = connections
        self._breaker = breaker
        self._observer = observer
        self._failures = Failures("redis", observer)
        self._guards: dict[str, Parsing] = {}
        # Replies may come after their caller gave up; these count the keys that they read then.
        # They are made once, because every exchange needs one.
        self._late: dict[Reads | None, Late | None] = {
            None: None,
            count_entry_reads: partial(self._count, count_entry_reads),
            _script_reads: partial(self._count, _script_reads),
        }

    @property
    def is_cluster(self) -> bool:
        """Whether commands go to the node that has their key."""
        return self._connections.is_cluster

    def exchange(
        self,
        op: str,
        key: str,
        commands: Sequence[Command],
        reads: Reads | None = None,
        *,
        probing: bool = False,
    ) -> list[Any]:
        """Send commands for one key and return their replies; see `Connections.exchange`.

        Args:
            op: What the call is for, in the words of the metrics.
            key: The key, or one of several of the same slot.
            commands: Sent all at once.
            reads: Returns how many keys the commands found and missed; None when they read none.
            probing: Whether to call Redis even while the breaker is open, and to wait the
                longest time.

        Raises:
            CacheUnavailableError: Redis does not answer.
        """
        began = self._begin(probing=probing)
        try:
            replies = self._connections.exchange(key, commands, self._late[reads], patient=probing)
        except NoReplyError as error:
            raise self._failed(op, began, error) from error
        found, missing = (0, 0) if reads is None else reads(replies)
        self._answered(op, began, found, missing)
        return replies

    def run(
        self,
        op: str,
        script: Script,
        keys: Sequence[str],
        argv: Sequence[str | int],
        *,
        probing: bool = False,
    ) -> list[Any] | None:
        """Run a script and count the keys it read; see `exchange`.

        Returns:
            None when Redis refused the script or its write (out of memory, say), which counts
            as an error.
        """
        reply = self.try_run(op, script, keys, argv, probing=probing)
        if isinstance(reply, Refusal):
            self.refused(op, reply.reason)
            return None
        if reply[0] is None:
            self.refused(op, "maxmemory: Redis has no memory for what a script writes")
            return None
        return reply

    def refused(self, op: str, words: str) -> None:
        """Record that Redis did not do what it was asked, in its own words."""
        self._observer.cache_error(op)
        self._failures.record(words)

    def try_run(
        self,
        op: str,
        script: Script,
        keys: Sequence[str],
        argv: Sequence[str | int],
        *,
        probing: bool = False,
    ) -> list[Any] | Refusal:
        """Run a script, as `run` does, and return Redis' own refusal of it."""
        known: Command = ("EVALSHA", script.digest, len(keys), *keys, *argv)
        # A reply that counts no key is not worth a connection that waits for it.
        reads = _script_reads if script.reads_keys else None
        (reply,) = self.exchange(op, keys[0], (known,), reads, probing=probing)
        if isinstance(reply, Refusal) and reply.is_unknown_script:
            full: Command = ("EVAL", script.text, *known[2:])
            (reply,) = self.exchange(op, keys[0], (full,), reads, probing=probing)
        if isinstance(reply, Refusal):
            return reply
        if not _has_counts(reply):
            raise self.odd(op)
        return list(reply)

    def odd(self, op: str) -> CacheUnavailableError:
        """Record that a reply is not one of Redis, and return the error to raise."""
        words = f"its reply to {op} is not one of Redis"
        self.refused(op, words)
        return CacheUnavailableError(words)

    def parsing(self, op: str) -> "Parsing":
        """Return a guard of blocks that parse a reply: an odd one raises CacheUnavailableError."""
        guard = self._guards.get(op)
        if guard is None:
            guard = self._guards[op] = Parsing(self, op)
        return guard

    def scan(self, op: str, pattern: str) -> list[bytes]:
        """List the keys that match.

        Raises:
            CacheUnavailableError: Redis does not answer.
        """
        began = self._begin(probing=False)
        try:
            keys = self._connections.scan(pattern)
        except NoReplyError as error:
            raise self._failed(op, began, error) from error
        self._answered(op, began, 0, 0)
        return keys

    def _count(self, reads: Reads, replies: list[Any]) -> None:
        self._observer.key_reads(*reads(replies))

    def _begin(self, *, probing: bool) -> float:
        """Return the time; raise CacheUnavailableError while Redis is not to be called."""
        if self._breaker.is_open and not probing:
            raise CacheUnavailableError("Redis recently did not answer")
        return time.monotonic()

    def _answered(self, op: str, began: float, found: int, missing: int) -> None:
        ended = time.monotonic()
        self._breaker.answered_at = ended
        self._observer.cache_op(op, ended - began, found, missing)

    def _failed(self, op: str, began: float, error: NoReplyError) -> CacheUnavailableError:
        self._breaker.failed(began)
        self.refused(op, str(error))
        self._observer.cache_op(op, time.monotonic() - began, 0, 0)
        return CacheUnavailableError(str(error))


class Parsing:
    """Guards blocks that parse a reply; as a class, because a generator would cost a miss more.

    Args:
        calls: Records that the reply is an odd one.
        op: What the call was for.
    """

    __slots__ = ("_calls", "_op")

    def __init__(self, calls: RedisCalls, op: str) -> None:
        self._calls = calls
        self._op = op

    def __enter__(self) -> None:
        """Begin to parse."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Raise CacheUnavailableError when the block could not parse the reply."""
        if isinstance(error, TypeError | ValueError | AttributeError | LookupError):
            raise self._calls.odd(self._op) from error


def _script_reads(replies: list[Any]) -> tuple[int, int]:
    """Return the counts that end a script's reply; a refused script read nothing."""
    (reply,) = replies
    return (reply[-2], reply[-1]) if _has_counts(reply) else (0, 0)


def _has_counts(reply: object) -> bool:
    """Return whether a reply is a script's: a list of values that ends in two counts."""
    if type(reply) is not list or len(reply) < 2:
        return False
    return type(reply[-2]) is int and type(reply[-1]) is int


def count_entry_reads(replies: list[Any]) -> tuple[int, int]:
    """Return how many keys GETRANGE and PTTL found and missed, as Redis counts them."""
    value, remaining_ms = replies
    found, missing = (0, 1) if remaining_ms == -2 else (1, 0)
    if isinstance(remaining_ms, Refusal):
        found = 0
    if isinstance(value, Refusal) and not value.is_wrong_type:
        return found, missing
    return (found, missing + 1) if missing and value == ABSENT else (found + 1, missing)
