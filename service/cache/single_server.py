"""One Redis server: commands in, replies out, bounded in time."""

import re
import sys
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from redis import ConnectionPool
from redis.exceptions import AuthenticationError

from service.cache.connection import LOOK_SECONDS, Connection, pack
from service.cache.late_replies import LateReplies
from service.cache.reply_patience import FAST_SECONDS, Patience
from service.cache.wire import (
    CONNECT_SECONDS,
    UNANSWERED,
    Breaker,
    Command,
    Late,
    NoReplyError,
    Refusal,
    options,
)

# The server may have run a script before it closed the connection, and a script that runs twice
# meets what its first run did. So its connection is looked at first, and it is not sent again.
ONCE_ONLY = frozenset(("EVALSHA", "EVAL"))
# A server that answered within this time has not been stopped and started since; a connection that
# ended with it would not be replaced by a better one.
YOUNG_SECONDS = 0.01
# Refusals of the connection, which are no answer to its command.
NOT_ADMITTED = re.compile(r"NOAUTH|WRONGPASS|ERR (max number of clients|invalid password)")
# A wait that took longer than this many times what was asked shows that this process was paused.
ON_TIME = 1.3
# Pauses of this process are not taken for those of Redis for longer than this.
PAUSED_SECONDS = 1.0
# Connections are opened at the start for no longer than this.
OPENING_SECONDS = 0.5


class ElsewhereError(Exception):
    """The server refused because another one is to be asked, as after a failover."""


class SilentError(Exception):
    """The replies did not come within the time that their caller waits."""


class SingleServer:
    """One Redis server, to which it connects when the first command is sent.

    A connection serves one exchange at a time, and is kept for the next ones, up to as many as were
    asked for at the start. One that was given up is not kept, because its reply may still come.

    Args:
        url: `redis://` or `rediss://`.
        timeout_seconds: Longest wait for one reply; shorter while replies are fast.
        breaker: When it opens, callers stop waiting. A caller that comes later, as a probe
            does, waits its full time.

    Attributes:
        make: Makes a connection of redis-py to it, not connected yet.
    """

    is_cluster = False

    def __init__(self, url: str, timeout_seconds: float, breaker: Breaker) -> None:
        made = ConnectionPool.from_url(url, **options(CONNECT_SECONDS))
        self.make = partial(made.connection_class, **made.connection_kwargs)
        self._breaker = breaker
        self._longest_seconds = timeout_seconds
        self._look_seconds = min(LOOK_SECONDS, timeout_seconds)
        self._patience = Patience(timeout_seconds)
        # Nothing is known yet of this Redis, and a process that starts is slow itself.
        self._patience.record(timeout_seconds)
        self._late = LateReplies()
        self._idle = deque[Connection]()
        self._most_idle = sys.maxsize
        self._is_closed = False

    def open(self, connections: int) -> None:
        """Connect before the first lookup, which would wait for it; never raises.

        Args:
            connections: How many to open, and to keep. More are open only while more are in use.
        """
        self._most_idle = connections
        ends = time.monotonic() + OPENING_SECONDS
        try:
            while len(self._idle) < connections and time.monotonic() < ends:
                self._idle.append(self._connect())
        except UNANSWERED:
            return

    def exchange(
        self, key: str, commands: Sequence[Command], late: Late | None, *, patient: bool = False
    ) -> list[Any]:
        """Send all commands at once; see `Connections`."""
        del key
        once_only = commands[0][0] in ONCE_ONLY
        try:
            connection, is_new = self._take(once_only=once_only)
            try:
                return self._ask(connection, commands, late, patient=patient)
            except ConnectionError:
                if is_new or once_only:
                    raise
            # The server closed it while it was idle, as after a restart, and so the others too.
            self._close_idle()
            return self._ask(self._connect(), commands, late, patient=patient)
        except (SilentError, ElsewhereError, *UNANSWERED) as error:
            if patient or isinstance(error, ElsewhereError):
                # All connections lead to the peer that is gone, or no longer the primary.
                self._close_idle()
            raise NoReplyError(str(error)) from error

    def _take(self, *, once_only: bool) -> tuple[Connection, bool]:
        """Return a connection that nobody else uses, and whether it is new."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._connect(), True
            is_young = once_only and time.monotonic() - connection.answered_at < YOUNG_SECONDS
            if not once_only or is_young or not connection.is_unusable():
                return connection, False
            connection.close()

    def _connect(self) -> Connection:
        return Connection(self.make(), self._look_seconds)

    def _ask(
        self,
        connection: Connection,
        commands: Sequence[Command],
        late: Late | None,
        *,
        patient: bool,
    ) -> list[Any]:
        """Send commands and return their replies; keep the connection only when all came."""
        breaker = None if patient or self._breaker.is_open else self._breaker
        is_left = False
        began = time.monotonic()
        try:
            connection.send(pack(commands), len(commands))
            if not connection.receive():
                self._wait(connection, breaker, began, patient=patient)
            for reply in connection.replies:
                if type(reply) is Refusal:
                    _require_an_answer(reply)
            is_left = True
        except SilentError:
            if late is not None:
                is_left = self._late.adopt(partial(self._read_late, connection, late))
            raise
        finally:
            ended = time.monotonic()
            seconds = ended - began
            if seconds > FAST_SECONDS:
                self._patience.record(seconds)
            if not is_left:
                connection.close()
        replies, connection.answered_at = connection.replies, ended
        if len(self._idle) < self._most_idle:
            self._idle.append(connection)
        else:
            connection.close()
        if self._is_closed:
            self._close_idle()
        return replies

    def _wait(
        self, connection: Connection, breaker: Breaker | None, began: float, *, patient: bool
    ) -> None:
        """Wait for the rest of the replies; raise SilentError when they take too long.

        A look that took far longer than asked does not count: this process was paused, by its
        other threads or by a busy machine, on which Redis may have had to pause as well.
        """
        longest = self._longest_seconds if patient else self._patience.seconds()
        now = time.monotonic()
        ends, waited = now + PAUSED_SECONDS, min(now - began, 2 * self._look_seconds)
        while waited < longest and (breaker is None or not breaker.is_open):
            look = min(self._look_seconds, longest - waited)
            if connection.receive_within(look):
                return
            before, now = now, time.monotonic()
            if now - before < ON_TIME * look + 0.001 or now > ends:
                waited += look
        raise SilentError(f"no reply within {waited * 1000:.0f} ms")

    def _read_late(self, connection: Connection, late: Late, within_seconds: float) -> None:
        ends = time.monotonic() + within_seconds
        try:
            while not (is_read := connection.receive_within(LOOK_SECONDS)):
                if time.monotonic() >= ends:
                    break
        except UNANSWERED:
            return
        else:
            if is_read:
                late(connection.replies)
        finally:
            connection.close()

    def _close_idle(self) -> None:
        while self._idle:
            with suppress(IndexError):
                self._idle.pop().close()

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
        """Close all connections, those in use when their exchange ends."""
        self._is_closed = True
        self._close_idle()


def _require_an_answer(refused: Refusal) -> None:
    """Raise when a refusal says nothing of its command, but that this server is not to be asked."""
    if refused.is_elsewhere:
        raise ElsewhereError(refused.reason)
    if NOT_ADMITTED.match(refused.reason):
        raise AuthenticationError(refused.reason)
