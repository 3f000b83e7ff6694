"""Calls of Redis: timed, counted, and not made while Redis does not answer."""

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from service.cache.scripts import Script
from service.cache.wire import Command, Connections, NoReplyError, Refusal
from service.domain.cache import CacheUnavailableError
from service.domain.observer import Observer
from service.guards.breaker import Breaker

Value = TypeVar("Value")
Reads = Callable[[list[Any]], tuple[int, int]]


class RedisCalls:
    """Sends commands and scripts for the cache, as the breaker allows."""

    def __init__(self, connections: Connections, breaker: Breaker, observer: Observer) -> None:
        """Join the parts; sends nothing.

        Args:
            connections: How Redis is reached.
            breaker: Stops all calls but probing ones while Redis is silent.
            observer: Hears of every call.
        """
        self._connections = connections
        self._breaker = breaker
        self._observer = observer

    def exchange(
        self,
        op: str,
        key: str,
        commands: Sequence[Command],
        reads: Reads | None = None,
        *,
        probing: bool = False,
    ) -> list[Any]:
        """Send commands for one key and give their replies; see `Connections.exchange`.

        Args:
            op: What it is for, as metrics call it.
            key: The key, or one of several of the same slot.
            commands: Sent all at once.
            reads: Tells from the replies how many keys were read; None when none are.
            probing: Whether to ask Redis even while the breaker is open, and to wait for it
                as long as is ever waited.

        Raises:
            CacheUnavailableError: Redis does not answer.
        """

        def count(replies: list[Any]) -> None:
            if reads is not None:
                self._observer.key_reads(*reads(replies))

        late = None if reads is None else count
        replies = self._guarded(
            op,
            lambda: self._connections.exchange(key, commands, late, patient=probing),
            probing=probing,
        )
        count(replies)
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
            None when Redis refused it or what it writes (out of memory, say), which counts
            as an error.
        """
        call = (len(keys), *keys, *argv)
        known: Command = ("EVALSHA", script.digest, *call)
        (reply,) = self.exchange(op, keys[0], (known,), _script_reads, probing=probing)
        if isinstance(reply, Refusal) and reply.is_unknown_script:
            full: Command = ("EVAL", script.text, *call)
            (reply,) = self.exchange(op, keys[0], (full,), _script_reads, probing=probing)
        if isinstance(reply, Refusal) or reply[0] is None:
            self._observer.cache_error(op)
            return None
        return list(reply)

    def scan(self, op: str, pattern: str) -> list[bytes]:
        """List the keys that match.

        Raises:
            CacheUnavailableError: Redis does not answer.
        """
        return self._guarded(op, lambda: self._connections.scan(pattern), probing=False)

    def _guarded(self, op: str, call: Callable[[], Value], *, probing: bool) -> Value:
        if not (probing or self._breaker.allows()):
            raise CacheUnavailableError("Redis did not answer lately")
        began, started = self._breaker.begin(), time.perf_counter()
        try:
            value = call()
        except NoReplyError as error:
            self._breaker.failed(began)
            self._observer.cache_error(op)
            raise CacheUnavailableError(str(error)) from error
        finally:
            self._observer.cache_op(op, time.perf_counter() - started)
        self._breaker.succeeded()
        return value


def _script_reads(replies: list[Any]) -> tuple[int, int]:
    """Take the counts that end a script's reply; one refused as a whole read nothing."""
    (reply,) = replies
    return (0, 0) if isinstance(reply, Refusal) else (reply[-2], reply[-1])
