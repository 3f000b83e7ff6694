"""A bare WSGI endpoint that answers every lookup as a hit, to measure the load generator alone."""

from collections.abc import Callable, Iterable
from typing import Any

_HIT = b'{"data":{"id":1,"name":"apple","quantity":100},"from_cache":true}'
_HIT_HEADERS = [
    ("Content-Type", "application/json"),
    ("X-Cache", "HIT"),
    ("Cache-Status", "cacheaside; hit; ttl=42"),
    ("Server-Timing", "cache;dur=0.1"),
    ("Cache-Control", "no-store"),
]
_CONTROL = b'{"version":1,"settings":{"ttl_seconds":60},"items":1}'


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer every lookup with a hit, and every control request with what Locust needs."""
    if environ["PATH_INFO"].startswith("/control"):
        environ["wsgi.input"].read()
        start_response("200 OK", [("Content-Type", "application/json")])
        return [_CONTROL]
    start_response("200 OK", _HIT_HEADERS)
    return [_HIT]
