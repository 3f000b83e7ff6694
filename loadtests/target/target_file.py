"""Reads the description of a target: a URL and flags, or a TOML file."""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from loadtests.service_under_test.urls import names_server
from loadtests.target.answer_rule import AnswerRule, answer_rule, rule_of
from loadtests.target.key_source import (
    KeySource,
    TargetError,
    is_range,
    key_source,
    path_in,
    text_of,
)
from loadtests.target.own_service import Endpoint, Target
from loadtests.target.places import KEY, refuse_unknown_places
from loadtests.target.reach import require_leave
from loadtests.target.request_headers import joined
from loadtests.target.side_tables import key_counters_of, ttl_request_of
from loadtests.target.tls_context import tls_context, tls_of
from loadtests.target.toml_tables import (
    check_header,
    checked,
    headers_of,
    refuse_others,
    table_of,
)

EXAMPLE = "https://127.0.0.1:8443/products/{key}"
_FIELDS = frozenset(
    (
        *("url", "method", "body", "endpoints", "keys", "headers", "result", "accepted", "tls"),
        *("ttl", "counters"),
    )
)
_ENDPOINT = {"url": str, "method": str, "weight": (int, float), "body": str}


@dataclass(frozen=True)
class TargetFlags:
    """What the command line says of a target, as text.

    Attributes:
        url: With {key}; "" where a file describes the target.
        file: A TOML file; "" where a URL does.
        keys: As `key_source` reads it; overrides the file's.
        result: As `answer_rule` reads it; overrides the file's.
        headers: "Name: value" each, beside the file's.
        skip_keys: How many keys at the beginning are left out.
        allowed: Whether a host that is not this machine may be loaded.
    """

    url: str = ""
    file: str = ""
    keys: str = ""
    result: str = ""
    headers: Sequence[str] = ()
    skip_keys: int = 0
    allowed: bool = False

    @property
    def given(self) -> bool:
        """Whether there is a target."""
        return bool(self.url or self.file)

    @property
    def folder(self) -> str:
        """Where the relative paths in its file begin; "" without a file."""
        return str(Path(path_in("", self.file)).parent) if self.file else ""

    def from_anywhere(self) -> "TargetFlags":
        """Return the same for a process in another folder: its files by their whole paths."""

        def whole(path: str) -> str:
            return path and str(Path(path_in("", path)).absolute())

        keys = self.keys if is_range(self.keys) else whole(self.keys)
        return replace(self, file=whole(self.file), keys=keys)


def read_target(flags: TargetFlags) -> Target | None:
    """Return the target that the flags describe; None if they name none.

    Raises:
        TargetError: Something of it is missing or wrong, or its host may not be loaded.
    """
    if not flags.given:
        for flag, value in (
            *(("target-keys", flags.keys), ("target-result", flags.result)),
            *(("target-header", flags.headers), ("target-skip-keys", flags.skip_keys)),
        ):
            if value:
                raise TargetError(
                    f"{flag} needs a target, got {str(value)!r} without one; add --target-url"
                )
        return None
    if flags.url and flags.file:
        raise TargetError(
            f"target-file must stand alone, got {flags.file!r} beside --target-url; leave out one"
        )
    values: dict[str, Any] = {"url": flags.url} if flags.url else _read(flags.file)
    target = _target(values, flags)
    _check_before_anything_starts(target)
    for side in target.side_requests:
        require_leave(side.endpoint.host, allowed=flags.allowed, flag=f"url in {side.place}")
    foreign = [require_leave(each.host, allowed=flags.allowed) for each in target.endpoints]
    return replace(target, foreign=any(foreign))


def _check_before_anything_starts(target: Target) -> None:
    """Raise TargetError for a variable that is not set, or a certificate that is none."""
    target.sent_headers()
    for side in target.side_requests:
        side.sent_headers()
    endpoints = [*target.endpoints, *(side.endpoint for side in target.side_requests)]
    for endpoint in endpoints:
        endpoint.with_secrets()
    if any(endpoint.origin.startswith("https") for endpoint in endpoints):
        tls_context(target.tls)


def _target(values: Mapping[str, Any], flags: TargetFlags) -> Target:
    where = flags.file or "--target-url"
    refuse_others(values, _FIELDS, where)
    headers = headers_of(values, where)
    for text in flags.headers:
        headers = joined(headers, dict([_header(text)]))
    accepted = values.get("accepted", [])
    if not isinstance(accepted, list) or not all(
        isinstance(each, int) and 200 <= each < 600 for each in accepted
    ):
        raise TargetError(f"{where}: accepted must be a list of statuses, got {accepted!r}")
    return Target(
        endpoints=_endpoints(values, where),
        keys=_keys(values, flags),
        rule=_rule(values.get("result", "auto"), flags.result, where),
        headers=tuple(headers.items()),
        accepted=tuple(accepted),
        tls=tls_of(values, where, flags.folder),
        ttl=ttl_request_of(values, where),
        counters=key_counters_of(values, where),
    )


def _keys(values: Mapping[str, Any], flags: TargetFlags) -> KeySource:
    if flags.keys:
        return key_source(flags.keys, flags.skip_keys)
    return key_source(str(values.get("keys", "")), flags.skip_keys, flags.folder)


def _endpoints(values: Mapping[str, Any], where: str) -> tuple[Endpoint, ...]:
    listed = values.get("endpoints", [])
    if isinstance(listed, dict):
        raise TargetError(f"{where}: endpoints must be a list, got one table; begin [[endpoints]]")
    if not isinstance(listed, list) or bool(listed) == ("url" in values):
        raise TargetError(f"{where}: give either url or endpoints; such as url = {EXAMPLE!r}")
    own = {name: values[name] for name in ("url", "method", "body") if name in values}
    return tuple(_endpoint(each, where) for each in listed or [own])


def _endpoint(values: object, where: str) -> Endpoint:
    if not isinstance(values, dict):
        raise TargetError(f"{where}: endpoints must be tables, got {values!r}; begin [[endpoints]]")
    endpoint = Endpoint(**{"url": "", **checked(values, _ENDPOINT, f"{where}, endpoints")})
    _check_url(endpoint, "target-url" if where == "--target-url" else f"{where}: url")
    method, weight = endpoint.method, endpoint.weight
    if not (method.isascii() and method.isalpha()) or not 0 < weight < math.inf:
        raise TargetError(
            f"{where}: an endpoint needs a method such as GET and a weight above 0, got"
            f" {method!r} and {weight!r}; correct them"
        )
    return replace(endpoint, method=endpoint.method.upper())


def _check_url(endpoint: Endpoint, place: str) -> None:
    url = endpoint.url
    if not names_server(url.replace(KEY, "1")) or KEY in urlsplit(url).netloc:
        shown = url.rpartition("@")[2]
        raise TargetError(f"{place} must be http(s)://host/path, got {shown!r}; such as {EXAMPLE}")
    if "@" in urlsplit(url).netloc:
        raise TargetError(
            f"{place} must not hold a password, which records would show; give a header such as"
            " --target-header 'Authorization: Basic ${LOGIN}' and export the variable"
        )
    if "#" in url:
        raise TargetError(
            f"{place} must not hold a #, behind which nothing is sent, got {url!r}; name what"
            " the page itself asks for"
        )
    refuse_unknown_places(url, (KEY,), place)
    if KEY not in url and KEY not in endpoint.body:
        raise TargetError(
            f"{place} must hold {KEY} where the key stands, got {url!r}; such as {EXAMPLE}"
        )


def _rule(value: object, flag: str, where: str) -> AnswerRule:
    if flag or isinstance(value, str):
        return answer_rule(flag or str(value))
    if not isinstance(value, dict):
        raise TargetError(f"{where}: result must be a text or a table, got {value!r}; correct it")
    refuse_others(value, {"header", "json", "status", "values"}, f"{where}, result")
    values = {str(each): str(result) for each, result in table_of(value, "values", where).items()}
    kinds = [kind for kind in ("header", "json", "status") if value.get(kind)]
    if len(kinds) != 1:
        raise TargetError(f"{where}: result must name one of header, json, status, got {value!r}")
    name = "" if kinds == ["status"] else str(value[kinds[0]])
    return rule_of(kinds[0], name, values)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = (part.strip() for part in text.partition(":"))
    if not colon:
        raise TargetError(
            f"target-header must be NAME: VALUE, got {text!r}; such as"
            " 'Authorization: Bearer ${TOKEN}'"
        )
    check_header(name)
    return name, value


def _read(path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text_of(path_in("", path)))
    except OSError as error:
        raise TargetError(
            f"target-file must be a TOML file that can be read, got {path!r}: {error.strerror};"
            " correct it"
        ) from None
    except (ValueError, RecursionError) as error:  # The latter of lists too deep.
        raise TargetError(f"target-file {path}: {error}; correct it") from None
