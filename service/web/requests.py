"""Requests that only some may send: who that is, and the JSON object that requests carry."""

import hmac
import ipaddress
import json
from typing import Any, NoReturn
from urllib.parse import urlsplit

from flask import current_app, request

from service.web.problems import RefusedError
from service.web.turns import body_turn

MAX_BODY_BYTES = 16 * 1024
_MOST_DIGITS = 400

# A proxy on this machine sends these for a client that may be anywhere.
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")
_OWN_SITES = {"same-origin", "none"}
_WAY_OUT = "set CONTROL_TOKEN for the service, and send it as Authorization: Bearer"


def require_authorized(token: str | None) -> None:
    """Raise RefusedError (401 or 403) unless the current request may write and control.

    Args:
        token: What the request must carry; None accepts only requests from this machine that
            neither a proxy nor another web page sends.
    """
    if token is None:
        _require_person_here()
        return
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    same = hmac.compare_digest(sent.encode("utf-8", "replace"), token.encode())
    if scheme.lower() != "bearer" or not same:
        raise RefusedError(401, "send the token: Authorization: Bearer CONTROL_TOKEN")


def is_authorized(token: str | None) -> bool:
    """Return whether `require_authorized` accepts the current request."""
    try:
        require_authorized(token)
    except RefusedError:
        return False
    return True


def read_json_object() -> dict[str, Any]:
    """Read the body of the current request strictly.

    Raises:
        RefusedError: 415 when it is not declared as JSON, 413 when it is longer than 16 KiB,
            503 when too many others do not come, 400 when it is not one JSON object with each name
            once.
    """
    if request.mimetype != "application/json":
        raise RefusedError(415, "send JSON, with Content-Type: application/json")
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise _too_long()
    with body_turn(current_app, request.remote_addr or ""):
        body = request.stream.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise _too_long()
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_int=_whole,
        )
    except (ValueError, RecursionError) as error:
        raise RefusedError(400, f"the body is not JSON: {error}"[:200]) from None
    if not isinstance(value, dict):
        raise RefusedError(400, "the body must be one JSON object")
    return value


def _require_person_here() -> None:
    if not _is_loopback(request.remote_addr or ""):
        raise RefusedError(401, f"without CONTROL_TOKEN only this machine may do that; {_WAY_OUT}")
    headers = request.headers
    for name in _FORWARDED:
        if name in headers:
            raise RefusedError(
                403, f"without CONTROL_TOKEN no proxy may do that, and {name} is set; {_WAY_OUT}"
            )
    host, origin = headers.get("Host", "localhost"), headers.get("Origin")
    # A web page can send requests here through a visitor's browser, and the page's own host name
    # may resolve to this machine (DNS rebinding).
    foreign = not _is_own_host(host) or headers.get("Sec-Fetch-Site", "none") not in _OWN_SITES
    if foreign or origin not in {None, f"http://{host}", f"https://{host}"}:
        raise RefusedError(
            403,
            "without CONTROL_TOKEN only localhost may do that, and no page of another site;"
            f" {_WAY_OUT}",
        )


def _is_own_host(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name == "localhost" or _is_loopback(name)


def _is_loopback(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _too_long() -> RefusedError:
    return RefusedError(413, f"the body may have at most {MAX_BODY_BYTES} bytes")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return names


def _whole(digits: str) -> float:
    # Python refuses to read longer ones; infinite is beyond every range, as they are.
    return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")
