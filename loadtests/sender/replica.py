"""One replica of the service: a request out, its answer in."""

import re
from typing import NamedTuple

from gevent import socket
from geventhttpclient.response import HTTPSocketResponse
from geventhttpclient.url import URL

from loadtests.sender.kept_connections import KeptConnections

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
        self._connections = KeptConnections(
            url, connections, seconds, checked_after=CHECKED_AFTER_SECONDS, resends=True
        )
        self._path = URL(url).path.rstrip("/")

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
        self._connections.close()

    def _head(self, method: str, path: str, headers: str = "") -> str:
        first = f"{method} {self._path}{path} HTTP/1.1\r\nHost: {self._connections.host}\r\n"
        return f"{first}User-Agent: cacheaside\r\n{headers}\r\n"

    def _exchange(self, request: bytes) -> Reply:
        """Send a request, return its answer, and keep its connection.

        Raises:
            OSError, Timeout, HTTPParseError: There was no whole answer.
        """
        sock, received = self._connections.send(request)
        end = received.find(_END)
        length = _LENGTH.search(received, 0, end + 2) if end > 0 else None
        if length is None or len(received) != end + 4 + int(length[1]):
            return self._unusual(sock, received)
        if not received.startswith(b"HTTP/1.1 ") or _UNUSUAL.search(received, 0, end + 2):
            return self._unusual(sock, received)
        word = _WORD.search(received, 0, end + 2)
        self._connections.keep(sock)
        return Reply(int(received[9:12]), word[1].upper() if word else b"", received[end + 4 :])

    def _unusual(self, sock: socket.socket, received: bytes) -> Reply:
        """Let the library read an answer: one in several parts, or with an unknown length."""
        response, body = self._connections.read_rest(sock, received, HTTPSocketResponse.read)
        word = str(response.get("x-cache", ""))
        return Reply(response.status_code, word.upper().encode(), body)
