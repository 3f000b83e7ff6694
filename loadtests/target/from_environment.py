"""Fills in what a target needs from the environment: ${NAME} in headers, addresses and bodies."""

import json
import os
import re
from collections.abc import Callable, Iterable
from urllib.parse import quote

from loadtests.target.key_source import TargetError
from loadtests.target.places import KEY, TTL, TTL_MS
from loadtests.target.request_headers import is_json

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def headers_with_secrets(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return headers as they are sent.

    Raises:
        TargetError: A variable is not set, or HTTP does not allow its value.
    """
    return {name: _header(name, text) for name, text in headers}


def url_with_secrets(url: str) -> str:
    """Return an address as it is asked, each value percent-encoded.

    Raises:
        TargetError: A variable is not set.
    """
    _require_names("url", url)
    return _filled_in("url", url, lambda value: quote(value, safe=""))


def body_with_secrets(body: str) -> str:
    """Return a body as it is sent; in JSON a value stands between quotes.

    Raises:
        TargetError: A variable is not set.
    """
    in_json = is_json(body)
    return _filled_in("body", body, lambda value: json.dumps(value)[1:-1] if in_json else value)


def _header(name: str, text: str) -> str:
    _require_names(f"header {name}", text)
    for place in (KEY, TTL, TTL_MS):
        if place in text:
            raise TargetError(
                f"header {name} must not hold {place}, for every request has the same headers; put"
                " it into the url or the body"
            )
    filled = _filled_in(f"header {name}", text, str)
    if not filled.isascii() or not filled.replace("\t", " ").isprintable():
        raise TargetError(
            f"header {name} must be one line of printable ASCII; correct it, or the variable it is"
            " made from"
        )
    return filled


def _require_names(place: str, text: str) -> None:
    if "${" in _VARIABLE.sub("", text):
        raise TargetError(
            f"{place} must hold variables as ${{NAME}}, got {text!r}; use letters, digits and _"
        )


def _filled_in(place: str, text: str, written: Callable[[str], str]) -> str:
    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match[1])
        if not found:
            raise TargetError(f"{place} needs the variable {match[1]}, which is not set; export it")
        return written(found)

    return _VARIABLE.sub(value, text)
