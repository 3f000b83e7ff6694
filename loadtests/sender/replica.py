"""The kept connections to one replica of the service: a request out, its answer in.

geventhttpclient connects, with TLS, and reads every unusual answer. Its own requests take three
quarters of the time of an arrival, because each of them builds and checks its headers anew.
"""

import re
import time
from typing import NamedTuple

from gevent import select, socket
from geventhttpclient.connectionpool import ConnectionPool, SSLConnectionPool
from geventhttpclient.response import HTTPConnectionClosed, HTTPSocketResponse
from geventhttpclient.url import URL

READ_BYTES = 65_536
CHECKED_AFTER_SECONDS = 1.0
"""A connection that was idle for longer is looked at before it is used: it may be closed."""

_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r", re.IGNORECASE)
_WORD = re.compile(rb"\r\nx-cache: *([A-Z]+)\r", re.IGNORECASE)
_UNUSUAL = re.compile(rb"\r\n(?:transfer-encoding|content-encoding|connection):", re.IGNORECASE)


class Reply(NamedTuple):
    """One answer.

    Attributes:
        status: Its status.
        word: Its X-Cache; empty without one.
        body: As received.
    """

    status: int
    word: bytes
    body: bytes


class Replica:
    """One replica, and connections to it for as many requests as are under way.

    Args:
        url: Its base URL.
        connections: Most connections.
        seconds: Longest wait for a connection, and for each part of an answer.
    """

    def __init__(self, url: str, connections: int, seconds: float) -> None:
        parts = URL(url)
        host, port = parts.host, parts.port or 80
        kind = SSLConnectionPool if parts.scheme == "https" else ConnectionPool
        self._pool = kind(
            *(host, port, host, port),
            size=connections,
            connection_timeout=seconds,
            network_timeout=seconds,
        )
        self._idle: list[tuple[socket.socket, float]] = []
        name = f"[{host}]" if ":" in host else host
        self._path = parts.path.rstrip("/")
        self._host = name if port in {80, 443} else f"{name}:{port}"

    def get(self, path: str) -> Reply:
        """Send a GET; see `_exchange`."""
        return self._exchange(self._head("GET", path).encode())

    def put(self, path: str, body: str, headers: str) -> Reply:
        """Send a PUT with a body and more headers, each of which ends its line."""
        content = body.encode()
        more = f"{headers}Content-Length: {len(content)}\r\n"
        return self._exchange(self._head("PUT", path, more).encode() + content)

    def close(self) -> None:
        """Close the connections that no request uses."""
        for sock, _ in self._idle:
            self._pool.release_socket(sock)
        self._idle.clear()
        self._pool.close()

    def _head(self, method: str, path: str, headers: str = "") -> str:
        first = f"{method} {self._path}{path} HTTP/1.1\r\nHost: {self._host}\r\n"
        return f"{first}User-Agent: cacheaside\r\n{headers}\r\n"

    def _exchange(self, request: bytes) -> Reply:
        """Send a request and return its answer.

        One that was not answered at all because its kept connection is closed is sent again.

        Raises:
            OSError, Timeout, HTTPParseError: There was no whole answer.
        """
        while True:
            sock, is_kept = self._take()
            try:
                sent = sock.send(request)
                if sent < len(request):
                    sock.sendall(request[sent:])
                received = sock.recv(READ_BYTES)
            except BaseException as failure:
                self._pool.release_socket(sock)
                if is_kept and isinstance(failure, ConnectionError):
                    continue
                raise
            if received:
                return self._reply(sock, received)
            self._pool.release_socket(sock)
            if not is_kept:
                raise HTTPConnectionClosed("connection closed")

    def _take(self) -> tuple[socket.socket, bool]:
        """Return a connection, and whether it was kept from an earlier request."""
        while self._idle:
            sock, since = self._idle.pop()
            if time.monotonic() < since + CHECKED_AFTER_SECONDS:
                return sock, True
            readable, _, _ = select.select([sock], [], [], 0.0)
            if not readable:
                return sock, True
            self._pool.release_socket(sock)
        return self._pool.get_socket(), False

    def _reply(self, sock: socket.socket, received: bytes) -> Reply:
        """Return the answer that begins with what was received, and keep its connection."""
        end = received.find(_END)
        length = _LENGTH.search(received, 0, end + 2) if end > 0 else None
        if length is None or len(received) != end + 4 + int(length[1]):
            return self._unusual(sock, received)
        if not received.startswith(b"HTTP/1.1 ") or _UNUSUAL.search(received, 0, end + 2):
            return self._unusual(sock, received)
        word = _WORD.search(received, 0, end + 2)
        self._idle.append((sock, time.monotonic()))
        return Reply(int(received[9:12]), word[1].upper() if word else b"", received[end + 4 :])

    def _unusual(self, sock: socket.socket, received: bytes) -> Reply:
        """Let the library read an answer: one in several parts, or with an unknown length."""
        try:
            response = HTTPSocketResponse(sock, READ_BYTES, pre_buffered=received)
            body = response.read()
        except BaseException:
            self._pool.release_socket(sock)
            raise
        if response.should_close():
            self._pool.release_socket(sock)
        else:
            self._idle.append((sock, time.monotonic()))
        word = str(response.get("x-cache", ""))
        return Reply(response.status_code, word.upper().encode(), body)
