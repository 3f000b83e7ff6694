"""One connection to a Redis server: bytes out, replies in, no wait longer than a moment."""

import math
import select
import ssl
import struct
from collections.abc import Sequence
from socket import SO_RCVTIMEO, SO_SNDTIMEO, SOL_SOCKET, socket
from typing import Any

import hiredis
from redis.exceptions import InvalidResponse

from service.cache.wire import Command, Refusal

# A waiting caller looks this often whether it should still wait.
LOOK_SECONDS = 0.005
# A command waits to be sent only while the kernel's buffer is full.
SEND_SECONDS = 0.1
READ_BYTES = 65_536
# A read without bytes raises one of these: on a plain socket, on one with TLS.
NO_BYTES = (BlockingIOError, TimeoutError)

RedisConnection = Any  # redis-py has no type for it


class ClosedError(ConnectionError):
    """The server has closed the connection."""


def pack(commands: Sequence[Command]) -> bytes:
    """Return commands as Redis reads them."""
    # The library's own types allow a command of a single word only.
    return b"".join([hiredis.pack_command(command) for command in commands])  # type: ignore[arg-type]


class Connection:
    """A connection that redis-py makes, and whose socket is read here.

    redis-py connects, with TLS, the password and the database of the URL. Its own reading and its
    pool take longer than Redis itself. The first wait for a reply ends in the kernel, because a
    Python socket with a time-out asks the kernel twice for each reply.

    Args:
        made: A connection of redis-py; it connects here.
        look_seconds: How long `receive` waits; the kernel may take some milliseconds more.

    Attributes:
        replies: The replies received since the last `send`.
        answered_at: When all of them were there, on the monotonic clock.
    """

    def __init__(self, made: RedisConnection, look_seconds: float) -> None:
        made.connect()
        self._made = made
        self._socket: socket = made._get_socket()  # noqa: SLF001 - as redis-py's own pool does
        self._is_plain = not isinstance(self._socket, ssl.SSLSocket)
        _limit_waits(self._socket, look_seconds)
        # Any callable makes an object of a refusal, not only the class of an exception.
        self._reader = hiredis.Reader(protocolError=InvalidResponse, replyError=_refuse)  # type: ignore[arg-type]
        self._wanted = 0
        self.replies: list[Any] = []
        self.answered_at = -math.inf

    def send(self, packed: bytes, wanted: int) -> None:
        """Send commands, to which the server gives *wanted* replies."""
        self.replies, self._wanted = [], wanted
        self._socket.sendall(packed)

    def receive(self) -> bool:
        """Wait a moment for bytes; return whether every reply is there.

        Raises:
            ClosedError: The server closed the connection.
        """
        try:
            received = self._socket.recv(READ_BYTES)
        except NO_BYTES:
            return False
        if not received:
            raise ClosedError("the server closed the connection")
        reader, replies = self._reader, self.replies
        reader.feed(received)
        while len(replies) < self._wanted:
            reply = reader.gets()
            if reply is False:  # The rest has not come yet; no reply of RESP2 is False.
                return False
            replies.append(reply)
        return True

    def receive_within(self, seconds: float) -> bool:
        """Wait so long for bytes, to the millisecond, and receive what is there."""
        # With TLS, bytes may be there that the socket no longer shows, and `receive` is exact.
        if self._is_plain and not self._has_bytes(seconds):
            return False
        return self.receive()

    def is_unusable(self) -> bool:
        """Return whether the server closed it while it was idle, or sent bytes unasked."""
        return self._has_bytes(0.0)

    def close(self) -> None:
        """Close it, so that no reply of it is ever taken for another's."""
        self._made.disconnect()

    def _has_bytes(self, seconds: float) -> bool:
        waiting = select.poll()
        waiting.register(self._socket, select.POLLIN)
        return bool(waiting.poll(seconds * 1000))


def _refuse(text: str) -> Refusal:
    return Refusal(text, text.startswith("NOSCRIPT"))


def _limit_waits(connected: socket, look_seconds: float) -> None:
    """Let each read end soon; TLS reads its socket itself and knows Python's time-out alone."""
    if isinstance(connected, ssl.SSLSocket):
        connected.settimeout(look_seconds)
        return
    connected.settimeout(None)
    connected.setsockopt(SOL_SOCKET, SO_RCVTIMEO, _timeval(look_seconds))
    connected.setsockopt(SOL_SOCKET, SO_SNDTIMEO, _timeval(SEND_SECONDS))


def _timeval(seconds: float) -> bytes:
    fraction, whole = math.modf(seconds)
    return struct.pack("@ll", int(whole), max(1, round(fraction * 1e6)))
