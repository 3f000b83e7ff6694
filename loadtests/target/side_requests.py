"""Sends the requests beside the load of a target: one sets its TTL, one reads its counters."""

import contextlib
import http.client
import time

from loadtests.service_under_test.client import ServiceError
from loadtests.service_under_test.counters import Counts, count_of
from loadtests.target.key_source import TargetError
from loadtests.target.own_service import KeyCounters, SideRequest, Target, Tls
from loadtests.target.places import with_ttl
from loadtests.target.request_headers import request_headers
from loadtests.target.tls_context import tls_context, why_not_reached

ANSWER_SECONDS = 10.0
MOST_BYTES = 64_000_000
_PIECE_BYTES = 65_536
_REDIRECTS = range(300, 400)


def set_ttl(target: Target, seconds: float) -> None:
    """Set the TTL of a target that says how.

    Raises:
        ServiceError: The request fails, or its status is not 200 to 299.
    """
    if target.ttl is not None:
        _send(target.ttl, target.tls, seconds)


def read_counters(counters: KeyCounters, tls: Tls) -> Counts:
    """Return how many keys were found ("true") and not ("false"), as far as the page says.

    Raises:
        ServiceError: The page cannot be read.
    """
    page = _send(counters.page, tls)
    try:
        text = page.decode()
        found = {
            "true": count_of(text, counters.hits),
            "false": count_of(text, counters.misses),
        }
    except ValueError as error:
        raise ServiceError(
            f"{_shown(counters.page)} is not Prometheus text: {error}; correct"
            f" {counters.page.place}"
        ) from None
    return {name: count for name, count in found.items() if count is not None}


def _send(request: SideRequest, tls: Tls, ttl_seconds: float = 0.0) -> bytes:
    """Return the body of the answer; past any proxy, without following a redirect."""
    try:
        endpoint = request.endpoint.with_secrets()
        path, body = (with_ttl(text, ttl_seconds) for text in (endpoint.path(""), endpoint.body))
        headers = request_headers(body, request.sent_headers())
        with contextlib.closing(_connection(request, tls)) as connection:
            connection.request(endpoint.method, path, body.encode() or None, headers)
            with connection.getresponse() as answer:
                content = _read(answer)
    except (OSError, http.client.HTTPException, TargetError) as error:
        raise ServiceError(
            f"{_shown(request)} failed: {why_not_reached(error)}; start it or correct"
            f" {request.place}"
        ) from None
    if not 200 <= answer.status < 300:
        why = ""
        if answer.status in _REDIRECTS:
            why = ", and redirects are not followed; name the final address"
        raise ServiceError(
            f"{_shown(request)} was answered with status {answer.status}{why}; correct"
            f" {request.place}"
        )
    return content


def _read(answer: http.client.HTTPResponse) -> bytes:
    """Return the body of an answer, which may have no end.

    Raises:
        OSError, HTTPException: It is too long, takes too long, or is cut.
    """
    content, ends_by = bytearray(), time.monotonic() + ANSWER_SECONDS
    while piece := answer.read1(_PIECE_BYTES):
        content += piece
        if len(content) > MOST_BYTES:
            raise http.client.HTTPException(f"its answer has more than {MOST_BYTES:,} bytes")
        if time.monotonic() > ends_by:
            raise TimeoutError(f"no whole answer within {ANSWER_SECONDS:g} seconds")
    if answer.length:
        raise http.client.IncompleteRead(bytes(content), answer.length)
    return bytes(content)


def _connection(request: SideRequest, tls: Tls) -> http.client.HTTPConnection:
    endpoint = request.endpoint
    if endpoint.origin.startswith("https"):
        return http.client.HTTPSConnection(
            endpoint.host, endpoint.port, timeout=ANSWER_SECONDS, context=tls_context(tls)
        )
    return http.client.HTTPConnection(endpoint.host, endpoint.port, timeout=ANSWER_SECONDS)


def _shown(request: SideRequest) -> str:
    """Return a request in words, without its query, which may be secret."""
    return f"{request.endpoint.method} {request.endpoint.shown}"
