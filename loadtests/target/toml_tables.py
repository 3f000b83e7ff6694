"""Checks of the tables in a TOML file that describes a target."""

from collections.abc import Mapping
from typing import Any

from loadtests.target.key_source import TargetError

_TOKEN = frozenset("!#$%&'*+-.^_`|~")
_OF_THE_BODY = frozenset(("content-length", "transfer-encoding"))


def table_of(values: Mapping[str, Any], name: str, where: str) -> dict[str, Any]:
    """Return the table of a name; empty if there is none.

    Raises:
        TargetError: It is not a table.
    """
    found = values.get(name, {})
    if not isinstance(found, dict):
        raise TargetError(f"{where}: {name} must be a table, got {found!r}; begin [{name}]")
    return found


def checked(values: Mapping[str, Any], kinds: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return values that all have known names and the kinds that belong to them.

    Raises:
        TargetError: One does not.
    """
    refuse_others(values, kinds, where)
    for name, value in values.items():
        if not isinstance(value, kinds[name]) or (
            isinstance(value, bool) and kinds[name] is not bool
        ):
            raise TargetError(f"{where}: {name} has a wrong value, got {value!r}; correct it")
    return dict(values)


def refuse_others(values: Mapping[str, Any], known: Any, where: str) -> None:  # noqa: ANN401
    """Raise TargetError for a name that is not known."""
    for name in values:
        if name not in known:
            raise TargetError(
                f"{where}: unknown name {name!r}; known are {', '.join(sorted(known))}"
            )


def headers_of(values: Mapping[str, Any], where: str) -> dict[str, str]:
    """Return the table of headers, each value as text.

    Raises:
        TargetError: It is not a table, or HTTP does not allow a name.
    """
    headers = table_of(values, "headers", where)
    for name, text in headers.items():
        check_header(name)
        if not isinstance(text, str | int | float):
            raise TargetError(f"{where}: header {name} must be a text, got {text!r}; correct it")
    return {name: str(text) for name, text in headers.items()}


def check_header(name: str) -> None:
    """Raise TargetError for the name of a header that HTTP does not allow, or that we set."""
    if not name or not all(each.isascii() and (each.isalnum() or each in _TOKEN) for each in name):
        raise TargetError(f"target-header must have a name that HTTP allows, got {name!r}")
    if name.lower() in _OF_THE_BODY:
        raise TargetError(
            f"target-header must not be {name}, which follows from each body; leave it out"
        )
