"""A small asynchronous HTTP client that records the times of every answer and never retries."""

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    """One request; times are in seconds of `time.monotonic()`, status 0 means no valid answer."""

    url: str
    path: str
    intended: float
    sent: float
    ended: float
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: str = ""

    @property
    def result(self) -> str:
        return self.headers.get("x-cache", "failed").lower()

    @property
    def cache_status(self) -> str:
        return self.headers.get("cache-status", "")

    @property
    def seconds(self) -> float:
        """Return the response time, from the intended start to the last byte."""
        return self.ended - self.intended

    @property
    def quantity(self) -> int | None:
        """Return the quantity in the answer; None when the fruit does not exist."""
        return json.loads(self.body)["data"]["quantity"] if self.status == 200 else None


class Client:
    """Sends requests over persistent connections; `lookups` holds the answer of every GET."""

    def __init__(self, timeout_seconds: float = 20.0) -> None:
        self.lookups: list[Answer] = []
        self._timeout_seconds = timeout_seconds
        self._idle: dict[str, list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for _, writer in (pair for pairs in self._idle.values() for pair in pairs):
            await _close(writer)

    async def look_up(self, url: str, fruit_id: int, intended: float | None = None) -> Answer:
        answer = await self.request(url, "GET", f"/fruit/{fruit_id}", intended=intended)
        self.lookups.append(answer)
        return answer

    async def write(self, url: str, fruit_id: int, quantity: int | None) -> Answer:
        """Write a quantity with PUT; None deletes the fruit."""
        path = f"/fruit/{fruit_id}"
        if quantity is None:
            return await self.request(url, "DELETE", path)
        return await self.request(url, "PUT", path, {"name": "raced", "quantity": quantity})

    async def request(
        self,
        url: str,
        method: str,
        path: str,
        document: object = None,
        *,
        intended: float | None = None,
    ) -> Answer:
        sent = time.monotonic()
        intended = sent if intended is None else intended
        writer = None
        try:
            async with asyncio.timeout(self._timeout_seconds):
                reader, writer = await self._connection(url)
                writer.write(_encode_request(url, method, path, document))
                status, headers, body = await _read_response(reader)
        except (OSError, EOFError, TimeoutError, ValueError) as error:
            if writer is not None:
                await _close(writer)
            reason = f"{type(error).__name__}: {error}"
            return Answer(url, path, intended, sent, time.monotonic(), 0, error=reason)
        ended = time.monotonic()
        self._idle.setdefault(url, []).append((reader, writer))
        return Answer(url, path, intended, sent, ended, status, headers, body)

    async def _connection(self, url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        pairs = self._idle.setdefault(url, [])
        while pairs:
            reader, writer = pairs.pop()
            if not reader.at_eof():
                return reader, writer
            await _close(writer)
        address = urlsplit(url)
        return await asyncio.open_connection(address.hostname, address.port)


def _encode_request(url: str, method: str, path: str, document: object) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {urlsplit(url).netloc}"]
    body = b""
    if document is not None:
        body = json.dumps(document).encode()
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _read_response(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return int(first.split(" ")[1]), headers, body


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
