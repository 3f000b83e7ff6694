"""Reads the tables of a target that name requests beside the load: [ttl] and [counters]."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from loadtests.service_under_test.counters import CounterName, counter_named
from loadtests.service_under_test.urls import names_server
from loadtests.target.key_source import TargetError
from loadtests.target.own_service import Endpoint, KeyCounters, SideRequest
from loadtests.target.places import TTL, TTL_MS, holds_ttl, refuse_unknown_places, with_ttl
from loadtests.target.toml_tables import checked, headers_of, table_of

_REQUEST = {"url": str, "headers": dict}
_TTL = {**_REQUEST, "method": str, "body": str}
_COUNTERS = {**_REQUEST, "hits": str, "misses": str}


def ttl_request_of(values: Mapping[str, Any], where: str) -> SideRequest | None:
    """Return the request that sets the TTL of a target; None if none is described.

    Raises:
        TargetError: Something of it is missing or wrong.
    """
    if "ttl" not in values:
        return None
    table = checked(table_of(values, "ttl", where), _TTL, f"{where}, ttl")
    method, body = table.get("method", "PATCH"), table.get("body", "")
    request = _request(table, "ttl", where, method.upper(), body)
    if not method.isalpha():
        raise TargetError(f"{where}, ttl: method must be such as PATCH, got {method!r}; correct it")
    if not holds_ttl(request.endpoint.path("") + body):
        raise TargetError(
            f"{where}, ttl: url or body must hold {TTL} where the TTL stands, in seconds, or"
            f" {{ttl_ms}}; such as body = '{{\"ttl\": {TTL}}}'"
        )
    return request


def key_counters_of(values: Mapping[str, Any], where: str) -> KeyCounters | None:
    """Return the counters that tell the hit ratio of a target; None if none are named.

    Raises:
        TargetError: Something of them is missing or wrong.
    """
    if "counters" not in values:
        return None
    table = checked(table_of(values, "counters", where), _COUNTERS, f"{where}, counters")
    page = _request(table, "counters", where, "GET", "")
    hits, misses = (_counter(table.get(name, ""), name, where) for name in ("hits", "misses"))
    if hits == misses:
        raise TargetError(
            f"{where}, counters: hits and misses must be two counters, got {hits.text!r} for both"
        )
    return KeyCounters(page, hits, misses)


def _counter(text: str, name: str, where: str) -> CounterName:
    try:
        return counter_named(text)
    except ValueError:
        raise TargetError(
            f"{where}, counters: {name} must name a counter of the page, got {text!r}; such as"
            f" {name} = 'cache_requests_total{{result=\"{name}\"}}'"
        ) from None


def _request(
    table: Mapping[str, Any], name: str, where: str, method: str, body: str
) -> SideRequest:
    url = table.get("url", "")
    place = f"{where}, {name}"
    netloc = urlsplit(url).netloc if names_server(with_ttl(url, 1.0)) else ""
    if not netloc or holds_ttl(netloc):
        raise TargetError(
            f"{place}: url must be http(s)://host/path, got {url.rpartition('@')[2]!r}; such as"
            " http://127.0.0.1:8080/admin"
        )
    if "@" in netloc:
        raise TargetError(
            f"{place}: url must not hold a password; give a header such as Authorization ="
            " 'Basic ${LOGIN}' and export the variable"
        )
    refuse_unknown_places(url, (TTL, TTL_MS) if name == "ttl" else (), f"{place}: url")
    headers = headers_of(table, place)
    return SideRequest(
        Endpoint(url, method, body=body), tuple(headers.items()), f"[{name}] of {where}"
    )
