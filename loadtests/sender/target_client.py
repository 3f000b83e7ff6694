"""Sends the requests of a run to a target: a service of one's own."""

import itertools
import random
from functools import partial
from typing import NamedTuple

from gevent.ssl import SSLContext
from geventhttpclient.response import HTTPSocketResponse

from loadtests.sender.fruit_client import (
    ANSWER_SECONDS,
    FAILURES,
    Answer,
    AnswerError,
    as_exception,
)
from loadtests.sender.kept_connections import READ_BYTES, KeptConnections
from loadtests.sender.samples import FAILED, RESULT_INDEX
from loadtests.target.answer_rule import header_of
from loadtests.target.own_service import Endpoint, Target
from loadtests.target.request_headers import request_headers
from loadtests.target.tls_context import tls_context

MOST_KEPT_BYTES = 8_000_000
"""A body that is longer is read and forgotten; its JSON tells nothing."""

_ERROR = RESULT_INDEX["error"]
_REDIRECTS = range(300, 400)
_WITH_BODY = frozenset(("POST", "PUT", "PATCH"))


class _Way(NamedTuple):
    """How one endpoint is asked.

    Attributes:
        endpoint: The endpoint.
        connections: To its server.
        headers: All but those of the body's length, each with the end of its line.
        row: Method and name in Locust's statistics.
    """

    endpoint: Endpoint
    connections: KeptConnections
    headers: str
    row: tuple[str, str]

    def request(self, key: str) -> bytes:
        """Return the request for a key."""
        body = self.endpoint.body_for(key).encode()
        length = ""
        if body or self.endpoint.method in _WITH_BODY:
            length = f"Content-Length: {len(body)}\r\n"
        first = f"{self.endpoint.method} {self.endpoint.path(key)} HTTP/1.1\r\n"
        return f"{first}{self.headers}{length}\r\n".encode() + body


class TargetClient:
    """Sends lookups to the endpoints of a target, by their weights; follows no redirect.

    Args:
        target: The target.
        concurrency: Most connections to each server.
        seed: Fixes which endpoint each lookup asks.
    """

    def __init__(self, target: Target, concurrency: int, seed: int) -> None:
        self._target = target
        self._connections = {
            each.origin: KeptConnections(
                each.origin,
                concurrency,
                ANSWER_SECONDS,
                checked_after=0.0,  # What the target does with an idle connection is unknown.
                context=self._context,
                verify=target.tls.verify,
            )
            for each in target.endpoints
        }
        self._read_body = partial(_read_body, most=MOST_KEPT_BYTES * target.rule.reads_body)
        self._ways = [self._way_to(each) for each in target.endpoints]
        self._weights = list(itertools.accumulate(each.weight for each in target.endpoints))
        self._choices = random.Random(seed)

    @property
    def request(self) -> tuple[str, str]:
        """Method and name of a request that was never sent."""
        return self._ways[0].row

    def look_up(self, key: int) -> Answer:
        """Ask for one key, and return errors of network and target instead of raising them."""
        way = self._way()
        try:
            sock, received = way.connections.send(way.request(self._target.keys.key(key)))
            response, (body, size) = way.connections.read_rest(
                sock, received, self._read_body, way.endpoint.method
            )
        except FAILURES as error:
            return Answer(FAILED, b"", as_exception(error), way.row)
        status = response.status_code
        if not self._target.answers(status):
            return Answer(_ERROR, b"", AnswerError(_refusal(status)), way.row, size)
        result = self._target.rule.result(status, header_of(response.get), body)
        failure = AnswerError("its header says error") if result == "error" else None
        return Answer(RESULT_INDEX[result], b"", failure, way.row, size)

    def write(self, key: int, quantity: int) -> Exception | None:
        """Return why nothing was written: what a write of a target looks like is not known."""
        del key, quantity
        return AnswerError("a target is never written to")

    def close(self) -> None:
        """Close all connections."""
        for connections in self._connections.values():
            connections.close()

    def _way(self) -> _Way:
        if len(self._ways) == 1:
            return self._ways[0]
        return self._choices.choices(self._ways, cum_weights=self._weights)[0]

    def _way_to(self, endpoint: Endpoint) -> _Way:
        connections = self._connections[endpoint.origin]
        headers = request_headers(endpoint.body, self._target.sent_headers())
        if "host" not in {name.lower() for name in headers}:
            headers = {"Host": connections.host, **headers}
        lines = "".join(f"{name}: {text}\r\n" for name, text in headers.items())
        return _Way(endpoint.with_secrets(), connections, lines, (endpoint.method, endpoint.row))

    def _context(self, **_: object) -> SSLContext:
        return tls_context(self._target.tls)


def _read_body(response: HTTPSocketResponse, most: int) -> tuple[bytes, int]:
    """Return a body, empty if it has more than *most* bytes, and how long it is."""
    body, size = bytearray(), 0
    while piece := response.read(READ_BYTES):
        size += len(piece)
        if size <= most:
            body += piece
        else:  # Hundreds of endless ones may be under way.
            body.clear()
    return bytes(body), size


def _refusal(status: int) -> str:
    if status in _REDIRECTS:
        return f"status {status}: redirects are not followed; name the final address"
    return f"status {status}"
