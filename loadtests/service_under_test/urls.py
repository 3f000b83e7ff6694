"""Addresses of servers: which ones are valid, how they are shown, whether they answer."""

import http.client
import re
import urllib.request
from collections.abc import Sequence
from urllib.parse import urlsplit

_WITHOUT_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_PASSWORD = re.compile(r"(://[^:@/]*:).+@")


def names_server(url: str, schemes: Sequence[str] = ("http", "https")) -> bool:
    """Return whether *url* has one of *schemes*, a host and, if any, a valid port."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    address = url.rpartition("@")[2]
    plain = address.isascii() and address.isprintable() and " " not in address
    return plain and parts.scheme in schemes and bool(parts.hostname) and port != 0


def without_password(url: str) -> str:
    """Return *url* fit to be shown: its password, if it has one, as ***."""
    return _PASSWORD.sub(r"\1***@", url)


def page_answers(url: str) -> bool:
    """Return whether *url* answers with success within 2 s, asked past any proxy."""
    try:
        with _WITHOUT_PROXY.open(url, timeout=2) as answer:
            status: int = answer.status
    except (OSError, http.client.HTTPException):
        return False
    return 200 <= status < 300
