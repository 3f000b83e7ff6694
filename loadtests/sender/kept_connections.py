"""Connections to one server, kept between requests: a request out, the answer's first part in.

geventhttpclient connects, with TLS, and reads answers. Its own requests take three quarters of the
time of an arrival, because each of them builds and checks its headers anew, and it sends a request
that a server leaves unanswered again on every connection that it may have.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from gevent import select, sleep, socket
from gevent.ssl import SSLContext
from geventhttpclient.connectionpool import ConnectionPool, SSLConnectionPool
from geventhttpclient.response import (
    HTTPConnectionClosed,
    HTTPParseError,
    HTTPSocketResponse,
)
from geventhttpclient.url import URL

READ_BYTES = 65_536
MOST_HEAD_BYTES = 1_000_000
"""Of the headers of an answer: servers and proxies that are known allow no more than 64 KB."""

Read = TypeVar("Read")


class BoundedResponse(HTTPSocketResponse):
    """An answer whose headers and whose time to the last byte are bounded.

    Args:
        sock: Its connection.
        received: Its first part.
        seconds: Longest wait for the rest.
        method: Of the request.
    """

    def __init__(self, sock: socket.socket, received: bytes, seconds: float, method: str) -> None:
        self._seconds = seconds
        self._ends_by = time.monotonic() + seconds
        self._head_bytes = 0
        super().__init__(sock, READ_BYTES, method=method, pre_buffered=received)

    def feed(self, data: str | bytes) -> None:
        """Take in a part of the answer.

        Raises:
            TimeoutError, HTTPParseError: It takes too long, or its headers are too long.
        """
        if not self.headers_complete or self.get_code() < 200:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                raise HTTPParseError(f"more than {MOST_HEAD_BYTES} bytes of headers", 0)
        super().feed(data)
        is_whole = self.message_complete and self.get_code() >= 200
        if data and not is_whole:
            left = self._ends_by - time.monotonic()
            if left <= 0.0:
                raise TimeoutError(f"no whole answer within {self._seconds:g} seconds")
            if self._sock is not None:
                self._sock.settimeout(left)
            if len(data) == READ_BYTES:  # A server as quick as this lets nobody else run.
                sleep(0.0)


class KeptConnections:
    """Connections to one server, for as many requests as are under way.

    Args:
        url: Names the server.
        connections: Most connections.
        seconds: Longest wait for a connection, for the first part of an answer, and for the rest.
        checked_after: A connection that was idle for longer than these seconds is looked at before
            it is used: it may be closed.
        resends: Whether a request that found its kept connection closed is sent once more.
        context: Returns what TLS needs; None for the system's certificates.
        verify: Whether the server's certificate must be for its host.

    Attributes:
        host: The value of the header Host.
    """

    def __init__(  # noqa: PLR0913 - what a connection needs
        self,
        url: str,
        connections: int,
        seconds: float,
        *,
        checked_after: float,
        resends: bool = False,
        context: Callable[..., SSLContext] | None = None,
        verify: bool = True,
    ) -> None:
        parts = URL(url)
        is_tls = parts.scheme == "https"
        host, port = parts.host, parts.port or (443 if is_tls else 80)
        kind = (
            partial(SSLConnectionPool, insecure=not verify, ssl_context_factory=context)
            if is_tls
            else ConnectionPool
        )
        self._pool: ConnectionPool = kind(
            *(host, port, host, port),
            size=connections,
            connection_timeout=seconds,
            network_timeout=seconds,
        )
        self._seconds = seconds
        self._checked_after = checked_after
        self._resends = resends
        self._idle: list[tuple[socket.socket, float]] = []
        # Some servers close after each answer without a word, and a request could meet the end.
        self._are_kept_there: bool | None = None
        name = f"[{host}]" if ":" in host else host
        self.host = name if port in {80, 443} else f"{name}:{port}"

    def send(self, request: bytes) -> tuple[socket.socket, bytes]:
        """Send a request; return its connection and the first part of the answer.

        The connection must be kept or dropped once the answer was read; `read_rest` does either.

        Raises:
            OSError, Timeout, HTTPConnectionClosed: There was no answer.
        """
        sock, is_kept = self._take()
        received = self._exchange(sock, request, may_be_closed=is_kept and self._resends)
        if received and is_kept:
            self._are_kept_there = True
        if not received:
            sock = self._pool.get_socket()
            received = self._exchange(sock, request, may_be_closed=False)
        return sock, received

    def read_rest(
        self,
        sock: socket.socket,
        received: bytes,
        read: Callable[[HTTPSocketResponse], Read],
        method: str = "GET",
    ) -> tuple[HTTPSocketResponse, Read]:
        """Read the rest of an answer, then keep its connection if it may be kept.

        Args:
            sock: Its connection.
            received: Its first part.
            read: Reads the body.
            method: Of the request; the answer to a HEAD has no body.

        Raises:
            OSError, Timeout, HTTPParseError: There was no whole answer.
        """
        try:
            response = BoundedResponse(sock, received, self._seconds, method)
            body = read(response)
        except BaseException:
            self.drop(sock)
            raise
        if response.should_close():
            self.drop(sock)
        else:
            sock.settimeout(self._seconds)
            self.keep(sock)
        return response, body

    def keep(self, sock: socket.socket) -> None:
        """Keep a connection for a further request, unless the server never keeps one."""
        if self._are_kept_there is False:
            self.drop(sock)
        else:
            self._idle.append((sock, time.monotonic()))

    def drop(self, sock: socket.socket) -> None:
        """Close a connection."""
        self._pool.release_socket(sock)

    def close(self) -> None:
        """Close the connections that no request uses."""
        for sock, _ in self._idle:
            self.drop(sock)
        self._idle.clear()
        self._pool.close()

    def _exchange(self, sock: socket.socket, request: bytes, *, may_be_closed: bool) -> bytes:
        """Return the first part of the answer; nothing from a closed connection that may be so."""
        try:
            sent = sock.send(request)
            if sent < len(request):
                sock.sendall(request[sent:])
            received: bytes = sock.recv(READ_BYTES)
        except BaseException as failure:
            self.drop(sock)
            if may_be_closed and isinstance(failure, ConnectionError):
                return b""
            raise
        if not received:
            self.drop(sock)
            if not may_be_closed:
                raise HTTPConnectionClosed("connection closed")
        return received

    def _take(self) -> tuple[socket.socket, bool]:
        """Return a connection, and whether it was kept from an earlier request."""
        while self._idle:
            sock, since = self._idle.pop()
            if time.monotonic() < since + self._checked_after:
                return sock, True
            readable, _, _ = select.select([sock], [], [], 0.0)
            if not readable:
                return sock, True
            self.drop(sock)
            if self._are_kept_there is None and not self._resends:
                self._are_kept_there = False
        return self._pool.get_socket(), False
