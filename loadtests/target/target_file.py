"""Reads the description of a target: a URL and flags, or a TOML file."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from loadtests.service_under_test.urls import names_server
from loadtests.target.answer_rule import AnswerRule, answer_rule, rule_of
from loadtests.target.key_source import TargetError, key_source
from loadtests.target.own_service import KEY, Endpoint, Target, Tls
from loadtests.target.reach import require_leave
from loadtests.target.side_tables import key_counters_of, ttl_request_of
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
_TLS = {"ca_file": str, "cert_file": str, "key_file": str, "verify": bool}


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
    target.sent_headers()  # Refuse a variable that is not set before anything starts.
    for side in target.side_requests:
        side.sent_headers()
        require_leave(side.endpoint.host, allowed=flags.allowed, flag=f"url in {side.place}")
    foreign = [require_leave(each.host, allowed=flags.allowed) for each in target.endpoints]
    return replace(target, foreign=any(foreign))


def _target(values: Mapping[str, Any], flags: TargetFlags) -> Target:
    where = flags.file or "--target-url"
    refuse_others(values, _FIELDS, where)
    headers = headers_of(values, where) | dict(map(_header, flags.headers))
    accepted = values.get("accepted", [])
    if not isinstance(accepted, list) or not all(
        isinstance(each, int) and 200 <= each < 600 for each in accepted
    ):
        raise TargetError(f"{where}: accepted must be a list of statuses, got {accepted!r}")
    tls = checked(table_of(values, "tls", where), _TLS, f"{where}, tls")
    for name in ("ca_file", "cert_file", "key_file"):
        if tls.get(name) and not Path(tls[name]).is_file():
            raise TargetError(f"{where}: tls.{name} must be a file, got {tls[name]!r}; correct it")
    return Target(
        endpoints=_endpoints(values, where),
        keys=key_source(flags.keys or str(values.get("keys", "")), flags.skip_keys),
        rule=_rule(values.get("result", "auto"), flags.result, where),
        headers=tuple(headers.items()),
        accepted=tuple(accepted),
        tls=Tls(**tls),
        ttl=ttl_request_of(values, where),
        counters=key_counters_of(values, where),
    )


def _endpoints(values: Mapping[str, Any], where: str) -> tuple[Endpoint, ...]:
    listed = values.get("endpoints", [])
    if not isinstance(listed, list) or bool(listed) == ("url" in values):
        raise TargetError(f"{where}: give either url or endpoints; such as url = {EXAMPLE!r}")
    own = {name: values[name] for name in ("url", "method", "body") if name in values}
    return tuple(_endpoint(each, where) for each in listed or [own])


def _endpoint(values: object, where: str) -> Endpoint:
    if not isinstance(values, dict):
        raise TargetError(f"{where}: endpoints must be tables, got {values!r}; begin [[endpoints]]")
    endpoint = Endpoint(**{"url": "", **checked(values, _ENDPOINT, f"{where}, endpoints")})
    if not names_server(endpoint.url.replace(KEY, "1")) or KEY in urlsplit(endpoint.url).netloc:
        shown = endpoint.url.rpartition("@")[2]
        raise TargetError(
            f"target-url must be http(s)://host/path, got {shown!r}; such as {EXAMPLE}"
        )
    if "@" in urlsplit(endpoint.url).netloc:
        raise TargetError(
            "target-url must not hold a password, which records would show; give a header such as"
            " --target-header 'Authorization: Basic ${LOGIN}' and export the variable"
        )
    if KEY not in endpoint.url and KEY not in endpoint.body:
        raise TargetError(
            f"target-url must hold {KEY} where the key stands, got {endpoint.url!r};"
            f" such as {EXAMPLE}"
        )
    if not endpoint.method.isalpha() or endpoint.weight <= 0:
        raise TargetError(
            f"{where}: an endpoint needs a method such as GET and a weight above 0, got"
            f" {endpoint.method!r} and {endpoint.weight!r}; correct them"
        )
    return replace(endpoint, method=endpoint.method.upper())


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
        return tomllib.loads(Path(path).expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise TargetError(
            f"target-file must be a TOML file that can be read, got {path!r}: {error.strerror};"
            " correct it"
        ) from None
    except (ValueError, RuntimeError) as error:  # Lists too deep, or a home that nobody has.
        raise TargetError(f"target-file {path}: {error}; correct it") from None
