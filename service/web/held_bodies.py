"""Closes the connections of bodies that do not come, so that the threads that wait are free again.

The server gives a body no deadline, and nothing can interrupt a thread that waits for one. Only its
client's address is known, so that the connection is looked for among the sockets of this process.
"""

import ipaddress
import os
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

BODY_SECONDS = 10.0
LOOK_SECONDS = 1.0
OWN_SOCKETS = "/proc/self/fd"

# Of the kernel's struct tcp_info: ms since data was sent and received, and how many bytes were.
_TIMES, _TIMES_AT = struct.Struct("=I4xI"), 44
_BYTES, _BYTES_AT = struct.Struct("=QQ"), 120


class HeldBodies:
    """Knows which bodies are awaited, and closes the connections of those that take too long.

    Args:
        port: Where this process listens.
        seconds: Longest wait for a body.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        port: int,
        *,
        seconds: float = BODY_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._port = port
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._awaited: dict[object, tuple[str, float]] = {}
        self._is_watched = False

    @contextmanager
    def awaited(self, address: str) -> Iterator[None]:
        """Await a body of a client in the block."""
        key = object()
        with self._lock:
            self._awaited[key] = address, self._clock()
            if not self._is_watched:
                with suppress(RuntimeError):  # No thread can be started: as without a deadline.
                    threading.Thread(target=self._watch, name="bodies", daemon=True).start()
                    self._is_watched = True
        try:
            yield
        finally:
            with self._lock:
                del self._awaited[key]

    def close_overdue(self) -> None:
        """Close the connections of clients that let us wait too long for a body.

        Where a client has more connections without an answer than overdue bodies, it is not known
        which is whose, and none is closed: one may await the end of a long fill of the catalogue.
        """
        # Under the lock no awaited body can end, so that its connection carries no other request.
        with self._lock:
            latest = self._clock() - self._seconds
            overdue = Counter(
                address for address, began in self._awaited.values() if began <= latest
            )
            if not overdue:
                return
            unanswered = [one for one in _connections(self._port) if one.waits(self._seconds)]
            try:
                for address, bodies in overdue.items():
                    of_client = [one for one in unanswered if _is_same(one.address, address)]
                    if len(of_client) <= bodies:
                        for one in of_client:
                            with suppress(OSError):
                                one.shared.shutdown(socket.SHUT_RDWR)
            finally:
                for one in unanswered:
                    one.shared.close()

    def _watch(self) -> None:
        """Look once a second for as long as bodies are awaited."""
        while True:
            time.sleep(LOOK_SECONDS)
            self.close_overdue()
            with self._lock:
                if not self._awaited:
                    self._is_watched = False
                    return


class _Connection(NamedTuple):
    """A client's connection, by a descriptor of our own for it."""

    shared: socket.socket
    address: str
    sent_ms: int
    received_ms: int
    sent_bytes: int
    received_bytes: int

    def waits(self, seconds: float) -> bool:
        """Whether a request came on it, and no answer for so long; close it here otherwise."""
        has_request = self.received_ms < self.sent_ms or (
            self.sent_bytes <= 1 and self.received_bytes > 0
        )
        if has_request and self.sent_ms >= seconds * 1000:
            return True
        self.shared.close()
        return False


def _connections(port: int) -> Iterator[_Connection]:
    """Yield the connections that clients have to a port of this process."""
    if not os.path.isdir(OWN_SOCKETS):  # noqa: PTH112 - never raises
        return
    seen = set()  # A descriptor of our own may be among the names.
    for name in os.listdir(OWN_SOCKETS):  # noqa: PTH208 - names alone
        shared = _socket(int(name))
        if shared is None:
            continue
        try:
            info = shared.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
            peer = shared.getpeername()
            if shared.getsockname()[1] == port and peer not in seen:
                seen.add(peer)
                times = _TIMES.unpack_from(info, _TIMES_AT)
                counts = _BYTES.unpack_from(info, _BYTES_AT)
                yield _Connection(shared, peer[0], *times, *counts)
                continue
        except (OSError, IndexError, struct.error):  # Of another kind, or only listening.
            pass
        shared.close()


def _socket(descriptor: int) -> socket.socket | None:
    """Return a socket by a descriptor of our own; None if it is none, or gone already."""
    try:
        own = os.dup(descriptor)
    except OSError:
        return None
    try:
        return socket.socket(fileno=own)
    except OSError:
        os.close(own)
        return None


def _is_same(one: str, other: str) -> bool:
    try:
        return _plain(one) == _plain(other)
    except ValueError:
        return False


def _plain(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    parsed = ipaddress.ip_address(address)
    return getattr(parsed, "ipv4_mapped", None) or parsed
