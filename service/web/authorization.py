"""Who may write and control: those with the token, or without one this machine only."""

import hmac
import ipaddress

from flask import request

from service.web.problems import RefusedError


def require_authorized(token: str | None) -> None:
    """Check the current request.

    Raises:
        RefusedError: 401, the request has not the token, or comes from elsewhere when there
            is no token.
    """
    if token is None:
        if not _is_loopback(request.remote_addr or ""):
            raise RefusedError(401, "without CONTROL_TOKEN only this machine may do that")
        return
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    same = hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())
    if scheme.lower() != "bearer" or not same:
        raise RefusedError(401, "send the token: Authorization: Bearer CONTROL_TOKEN")


def _is_loopback(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
