"""HTTP connections to servers that are kept between requests, past any proxy."""

import http.client
from collections.abc import Mapping
from urllib.parse import urlsplit

_MOST_BYTES = 16 * 1024 * 1024  # Of an answer: those of the service have far fewer.


class Connections:
    """One kept connection to each server; not for several threads or greenlets at once.

    Args:
        headers: Sent with every request.
    """

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers
        self._kept: dict[str, http.client.HTTPConnection] = {}

    def send(
        self, method: str, url: str, path: str, body: str | None, timeout_seconds: float
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Return the answer and its body; retry once if a kept connection turns out closed.

        Raises:
            OSError: The server cannot be reached.
            http.client.HTTPException: It does not speak HTTP.
        """
        kept = url in self._kept
        try:
            return self._exchange(method, url, path, body, timeout_seconds)
        except (OSError, http.client.HTTPException):
            self._kept.pop(url).close()
            if not kept:
                raise
        return self.send(method, url, path, body, timeout_seconds)

    def close(self) -> None:
        """Close all connections."""
        for connection in self._kept.values():
            connection.close()

    def _exchange(
        self, method: str, url: str, path: str, body: str | None, timeout_seconds: float
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = self._connection(url)
        connection.timeout = timeout_seconds
        if connection.sock is not None:
            connection.sock.settimeout(timeout_seconds)
        connection.request(method, urlsplit(url).path + path, body, dict(self._headers))
        response = connection.getresponse()
        content = response.read(_MOST_BYTES)
        if len(content) == _MOST_BYTES:
            raise http.client.HTTPException(f"it answers with {_MOST_BYTES:,} bytes or more")
        return response, content

    def _connection(self, url: str) -> http.client.HTTPConnection:
        if url not in self._kept:
            parts = urlsplit(url)
            secure = parts.scheme == "https"
            kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
            self._kept[url] = kind(parts.hostname or "", parts.port or kind.default_port)
        return self._kept[url]
