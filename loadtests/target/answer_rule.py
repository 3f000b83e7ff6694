"""How the result of an answer is told: by a header, a JSON field, the status, or not at all."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from loadtests.service_under_test.contract import UNKNOWN_RESULT
from loadtests.target.key_source import TargetError
from loadtests.target.result_words import (
    RESULTS_TOLD,
    result_of_age,
    result_of_cache_status,
    result_of_word,
)

CACHE_STATUS = "cache-status"
KNOWN_HEADERS = (CACHE_STATUS, "cf-cache-status", "x-cache-status", "x-cache")
"""The headers that are looked for, in this order, where none is named."""

_IS_STATUS = re.compile(r"[2-5]\d\d")
_AUTO, _NONE, _STATUS, _JSON, _AGE = "auto", "none", "status", "json", "age"

Header = Callable[[str], str | None]
"""Returns the value of a header; None where the answer has none."""


@dataclass(frozen=True)
class AnswerRule:
    """Finds the result of an answer.

    Attributes:
        kind: "auto", "header", "age", "json", "status" or "none".
        name: The header, in small letters, or the path of the JSON field.
        values: Our result for each value of it, in small letters; beside the words that are known.
    """

    kind: str = _AUTO
    name: str = ""
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def tells(self) -> bool:
        """Whether answers may tell their result."""
        return self.kind != _NONE

    @property
    def reads_body(self) -> bool:
        """Whether the result stands in the body."""
        return self.kind == _JSON

    def result(self, status: int, header: Header, body: bytes) -> str:
        """Return the result of an answer, in our words; "unknown" where it does not tell."""
        match self.kind:
            case "auto":
                return _first_known(header)
            case "header":
                return self._of_text(header(self.name), self.name)
            case "age":
                return result_of_age(header(_AGE))
            case "json":
                return self._of_text(_field(body, self.name), "")
            case "status":
                return self.values.get(str(status), UNKNOWN_RESULT)
        return UNKNOWN_RESULT

    def maps(self, status: int) -> bool:
        """Return whether a status is named with its result, which makes it that of an answer."""
        return self.kind == _STATUS and str(status) in self.values

    def describe(self) -> str:
        """Return in words where the result of an answer comes from."""
        match self.kind:
            case "auto":
                return "from whichever header of a cache it has"
            case "header":
                return f"from the header {self.name}"
            case "age":
                return "from an Age above 0"
            case "json":
                return f"from the JSON field {self.name}"
            case "status":
                return "from its status"
        return "is not told"

    def _of_text(self, value: str | None, header: str) -> str:
        if value is None:
            return self.values.get("", UNKNOWN_RESULT)
        known = self.values.get(value.strip().lower())
        if known is not None:
            return known
        return result_of_cache_status(value) if header == CACHE_STATUS else result_of_word(value)


def header_of(get: Callable[[str], str | list[str] | None]) -> Header:
    """Return what reads one header of an answer, also where it stands there several times.

    Args:
        get: Returns a header as geventhttpclient has it.
    """

    def header(name: str) -> str | None:
        found = get(name)
        return ", ".join(found) if isinstance(found, list) else found

    return header


def is_usual(status: int) -> bool:
    """Return whether a status is that of an answer for every service."""
    return 200 <= status < 300 or status == 304


def answer_rule(text: str) -> AnswerRule:
    """Return the rule that a text describes.

    Such as "auto", "none", "age", "CF-Cache-Status", "X-Mine: warm=hit, cold=miss",
    "json meta.cached: yes=hit, no=miss", "status: 200=hit, 203=miss".

    Raises:
        TargetError: It names no rule, or a result that is not one of ours.
    """
    head, _, tail = (part.strip() for part in text.partition(":"))
    values = dict(_pair(each, text) for each in tail.split(",") if each.strip())
    kind, _, path = head.partition(" ")
    if kind.lower() == _JSON:
        return rule_of(_JSON, path.strip(), values)
    if kind.lower() in {_AUTO, _NONE, _AGE, _STATUS} and not path:
        return rule_of(kind.lower(), "", values)
    return rule_of("header", head, values)


def rule_of(kind: str, name: str, values: Mapping[str, str]) -> AnswerRule:
    """Return a rule of a kind, with the values that stand for our results.

    Raises:
        TargetError: A name or a value is missing or wrong.
    """
    if kind == "header" and not name.replace("-", "").replace("_", "").isalnum():
        raise TargetError(
            "target-result must be auto, none, age, the name of a header, json FIELD or status:"
            f" VALUE=RESULT, got {name!r}; such as 'X-Cache: warm=hit, cold=miss'"
        )
    if kind == _JSON and not name:
        raise TargetError(
            "target-result must name the field of the answer's JSON, got 'json'; such as"
            " 'json meta.cached'"
        )
    if kind == _STATUS and not values:
        raise TargetError(
            "target-result must say what a status means, got 'status'; such as"
            " 'status: 200=hit, 203=miss'"
        )
    if values and kind in {_AUTO, _NONE, _AGE}:
        raise TargetError(
            f"target-result {kind} takes no values, got {', '.join(map(repr, values))}; name a"
            " header, such as 'X-Cache: warm=hit, cold=miss'"
        )
    for value, result in values.items():
        if kind == _STATUS and not _IS_STATUS.fullmatch(value):
            raise TargetError(
                f"target-result must map a status from 200 to 599, got {value!r}; such as"
                " 'status: 200=hit, 203=miss'"
            )
        if result not in RESULTS_TOLD:
            raise TargetError(
                f"target-result must give {value!r} one of the results {', '.join(RESULTS_TOLD)},"
                f" got {result!r}; choose one of them"
            )
    if kind == _JSON:
        values = {"true": "hit", "false": "miss", **values}
    name = name.lower() if kind == "header" else name
    return AnswerRule(kind, name, {value.lower(): result for value, result in values.items()})


def _pair(text: str, whole: str) -> tuple[str, str]:
    value, equals, result = (part.strip() for part in text.partition("="))
    if not equals:
        raise TargetError(
            f"target-result must map values as VALUE=RESULT, got {whole!r}; such as"
            " 'X-Cache: warm=hit, cold=miss'"
        )
    return value, result


def _first_known(header: Header) -> str:
    for name in KNOWN_HEADERS:
        value = header(name)
        if value is not None:
            return result_of_cache_status(value) if name == CACHE_STATUS else result_of_word(value)
    return UNKNOWN_RESULT


def _field(body: bytes, path: str) -> str | None:
    try:
        found = json.loads(body)
        for name in path.split("."):
            found = found[int(name)] if isinstance(found, list) else found[name]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return found if isinstance(found, str) else json.dumps(found)
