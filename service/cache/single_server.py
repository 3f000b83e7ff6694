"""One Redis server: commands in, replies out, bounded in time."""

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from redis import ConnectionPool
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    MasterDownError,
    MovedError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import TimeoutError as RedisTimeoutError

from service.cache.late_replies import LateReplies
from service.cache.reply_patience import FAST_SECONDS, Patience
from service.cache.wire import (
    UNANSWERED,
    Breaker,
    Command,
    Late,
    NoReplyError,
    Refusal,
    options,
    refusal,
)

# A waiting caller checks this often whether the breaker has opened meanwhile.
LOOK_SECONDS = 0.005


class ElsewhereError(RedisError):
    """The server refused because another one is to be asked, as after a failover."""


Connection = Any  # redis-py has no type for it


class SingleServer:
    """One Redis server, to which it connects when the first command is sent.

    Args:
        url: `redis://` or `rediss://`.
        timeout_seconds: Longest wait for one reply; shorter while replies are fast.
        breaker: When it opens, callers stop waiting. A caller that comes later, as a probe
            does, waits its full time.
    """

    def __init__(self, url: str, timeout_seconds: float, breaker: Breaker) -> None:
        self._pool = ConnectionPool.from_url(url, **options(timeout_seconds))
        self._breaker = breaker
        self._longest_seconds = timeout_seconds
        self._first_wait_seconds = min(LOOK_SECONDS, timeout_seconds)
        self._patience = Patience(timeout_seconds)
        self._late = LateReplies()

    def exchange(
        self, key: str, commands: Sequence[Command], late: Late | None, *, patient: bool = False
    ) -> list[Any]:
        """Send all commands at once; see `Connections`."""
        del key
        breaker = None if patient or self._breaker.is_open else self._breaker
        try:
            connection: Connection = self._pool.get_connection()
        except UNANSWERED as error:
            raise NoReplyError(str(error)) from error
        began, replies, wanted = time.monotonic(), list[Any](), len(commands)
        try:
            connection.send_packed_command(connection.pack_commands(commands))
            self._read(connection, replies, wanted, breaker, patient=patient)
        except UNANSWERED as error:
            if patient or isinstance(error, ElsewhereError):
                # All connections lead to the peer that is gone, or no longer the primary.
                self._pool.disconnect(inuse_connections=False)
            if isinstance(error, RedisTimeoutError) and late is not None:
                read = partial(self._read_late, connection, replies, wanted, late)
                connection = None if self._late.adopt(read) else connection
            raise NoReplyError(str(error)) from error
        finally:
            seconds = time.monotonic() - began
            if seconds > FAST_SECONDS:
                self._patience.record(seconds)
            if connection is not None:
                self._release(connection, broken=len(replies) < wanted)
        return replies

    def _read(
        self,
        connection: Connection,
        replies: list[Any],
        wanted: int,
        breaker: Breaker | None,
        *,
        patient: bool,
    ) -> None:
        """Read the replies; most come within the first wait, which needs no decisions."""
        try:
            _read_within(self._first_wait_seconds, connection, replies, wanted, None)
        except RedisTimeoutError:
            longest = self._longest_seconds if patient else self._patience.seconds()
            left = longest - self._first_wait_seconds
            if left <= 0 or (breaker is not None and breaker.is_open):
                raise
            _read_within(left, connection, replies, wanted, breaker)

    def _read_late(
        self,
        connection: Connection,
        replies: list[Any],
        wanted: int,
        late: Late,
        within_seconds: float,
    ) -> None:
        try:
            _read_within(within_seconds, connection, replies, wanted, None)
        except UNANSWERED:
            return
        else:
            late(replies)
        finally:
            self._release(connection, broken=True)

    def _release(self, connection: Connection, *, broken: bool) -> None:
        if broken:
            connection.disconnect()
        self._pool.release(connection)

    def scan(self, pattern: str) -> list[bytes]:
        """List the keys that match."""
        keys: list[bytes] = []
        cursor: bytes | int = 0
        while True:
            scan = ("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
            (reply,) = self.exchange("", [scan], None, patient=True)
            if isinstance(reply, Refusal):
                raise NoReplyError(reply.reason)
            try:
                cursor, found = reply
                keys += [bytes(memoryview(key)) for key in found]
            except (TypeError, ValueError) as error:
                raise NoReplyError("its reply to SCAN is not one of Redis") from error
            if cursor in (0, b"0"):
                return keys

    def close(self) -> None:
        """Close all connections."""
        self._pool.disconnect()


def _read_within(
    seconds: float,
    connection: Connection,
    replies: list[Any],
    wanted: int,
    breaker: Breaker | None,
) -> None:
    """Read replies until all are there; stop when the time is up or the breaker opens."""
    ends = time.monotonic() + seconds
    while len(replies) < wanted:
        left = max(0.001, ends - time.monotonic())
        wait = left if breaker is None else min(left, LOOK_SECONDS)
        try:
            replies.append(_read_reply(connection, wait))
        except RedisTimeoutError:
            if breaker is None or wait == left or breaker.is_open:
                raise


def _read_reply(connection: Connection, timeout_seconds: float) -> Any:  # noqa: ANN401
    try:
        return connection.read_response(timeout=timeout_seconds, disconnect_on_error=False)
    except (BusyLoadingError, MasterDownError) as error:
        raise ElsewhereError(f"{type(error).__name__}: {error}") from error
    except AuthenticationError:
        raise
    except ResponseError as error:
        refused = refusal(error)
        if refused.is_elsewhere or isinstance(error, MovedError | ReadOnlyError):
            raise ElsewhereError(f"{type(error).__name__}: {error}") from error
        return refused
