"""The headers that tell a client how its lookup was answered."""

import math

from flask import Response

from service.domain.cache import FillOutcome
from service.domain.lookup import Lookup, LookupResult


def with_lookup_headers(response: Response, lookup: Lookup) -> Response:
    """Return the response with X-Cache, Cache-Status, Server-Timing and a known Age added."""
    response.headers.update(lookup_headers(lookup))
    return response


def lookup_headers(lookup: Lookup) -> list[tuple[str, str]]:
    """Return what every answer to a lookup says of it: the same headers for each result."""
    headers = [
        ("Cache-Control", "no-store"),
        ("X-Cache", lookup.result.name),
        ("Cache-Status", cache_status(lookup)),
        ("Server-Timing", _server_timing(lookup)),
    ]
    if lookup.age_seconds is not None:
        headers.append(("Age", str(int(lookup.age_seconds))))
    return headers


def cache_status(lookup: Lookup) -> str:
    """Return how the cache took part, in the words of RFC 9211."""
    parts = ["cacheaside"]
    match lookup.result:
        case LookupResult.HIT | LookupResult.NEAR | LookupResult.STALE | LookupResult.NEGATIVE:
            parts.append("hit")
            if lookup.remaining_seconds is not None:
                parts.append(f"ttl={math.floor(lookup.remaining_seconds)}")
        case LookupResult.COALESCED:
            parts += ["fwd=miss", "collapsed"]
        case LookupResult.BYPASS if lookup.bypass is not None:
            parts += ["fwd=bypass", f"detail={lookup.bypass.value}"]
        case LookupResult.ERROR:
            parts.append("fwd=miss" if lookup.bypass is None else "fwd=bypass")
            parts.append("detail=store-unavailable")
        case _:
            parts.append("fwd=miss")
    if lookup.fill is FillOutcome.STORED:
        parts.append("stored")
    elif lookup.fill is not None:
        parts.append(f"detail=fill-{lookup.fill.value}")
    if lookup.result is LookupResult.NEAR:
        parts.append("detail=near")
    if lookup.refresh:
        parts.append("detail=refresh")
    return "; ".join(parts)


def _server_timing(lookup: Lookup) -> str:
    parts = []
    if lookup.cache_seconds is not None:
        parts.append(f"cache;dur={lookup.cache_seconds * 1000:.3f}")
    if lookup.store_seconds is not None:
        parts.append(f"store;dur={lookup.store_seconds * 1000:.3f}")
    return ", ".join(parts)
