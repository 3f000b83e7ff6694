"""Reads MySQL's general log and slow log; a row's key is its table and the values asked for."""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from loadtests.request_logs.formats.request import NO_KEY, NO_TIME, LineParser, Request
from loadtests.request_logs.source import LONGEST_LINE

_GENERAL = re.compile(
    r"(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d))\s+\d+ (\w+(?: \w+)?)(?:\t(.*))?$"
)
_OLD_GENERAL = re.compile(r"(\d{6} [ \d]\d:\d\d:\d\d|\t)\t\s*\d+ (\w+(?: \w+)?)(?:\t(.*))?$")
_BEGINS = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)\s+\d+ \w")
"""How a line of the general log begins, which is soon seen."""

_SLOW_TIME = re.compile(r"# Time: (\d{4}-\d\d-\d\dT\S+)")
_SLOW_STAMP = re.compile(r"SET timestamp=(\d+(?:\.\d+)?);", re.IGNORECASE)
_HEADER = re.compile(r"# (?:User@Host|Query_time|Time)|.*, Version: |Tcp port: |Time +Id +Command")
_TABLE = r"[`\"]?(?:\w+[`\"]?\.[`\"]?)?(\w+)[`\"]?"
_READ = re.compile(rf"\s*SELECT\b.*?\bFROM\s+{_TABLE}", re.IGNORECASE | re.DOTALL)
_CHANGE = re.compile(
    rf"\s*(?:UPDATE|DELETE\s+FROM|(?:INSERT|REPLACE)\s+(?:IGNORE\s+)?INTO)\s+{_TABLE}",
    re.IGNORECASE,
)
_WHERE = re.compile(r"\bWHERE\b(.*)", re.IGNORECASE | re.DOTALL)
_VALUE = re.compile(r"=\s*('(?:[^'\\]|\\.|'')*'|\d+)")
_VALUES = re.compile(r"\bVALUES\s*\(\s*('(?:[^'\\]|\\.|'')*'|\d+)", re.IGNORECASE)
_MOST_REMEMBERED = 1000  # Bytes of a statement: those that come again and again are short.
OTHER_STATEMENTS = "statements that neither read nor change rows by value"


def recognises(head: Sequence[str]) -> bool:
    """Return whether the lines begin a general or a slow log."""
    return any(
        _GENERAL.match(line) or _OLD_GENERAL.match(line) or _SLOW_TIME.match(line)
        or line.startswith("# User@Host:")
        for line in head[:20]
    )  # fmt: skip


def join_statements(lines: Iterable[str]) -> Iterator[str]:
    """Return the lines with every statement in one line."""
    parts, length = [""], 0
    for line in lines:
        starts = _BEGINS.match(line) or _OLD_GENERAL.match(line) or _HEADER.match(line)
        if starts or parts[-1].endswith(";") or parts[0].startswith("#"):
            yield " ".join(parts).lstrip(" ")
            parts, length = [line.rstrip("\r\n")], 0
        elif length < LONGEST_LINE:  # The rest of an endless one says nothing more.
            parts.append(line.strip())
            length += len(line)
    yield " ".join(parts).lstrip(" ")


def parser() -> LineParser:
    """Return the parser of a line; it remembers the time that earlier lines gave."""
    state = {"time": NO_TIME}

    def parse(line: str) -> Sequence[Request] | str:
        if found := _GENERAL.match(line) or _OLD_GENERAL.match(line):
            if found[1].strip():
                state["time"] = _moment(found[1])
            if found[2] not in ("Query", "Execute"):
                return NO_KEY
            return _statement(found[3] or "", state["time"])
        if found := _SLOW_TIME.match(line):
            state["time"] = _moment(found[1])
            return ""
        if found := _SLOW_STAMP.match(line):
            # "# Time:" has the microseconds of the same second, but old logs lack it.
            if math.isnan(state["time"]) or int(state["time"]) != int(float(found[1])):
                state["time"] = float(found[1])
            return ""
        if _HEADER.match(line) or not line.strip() or line.lower().startswith("use "):
            return ""
        return _statement(line, state["time"])

    return parse


def _statement(text: str, time: float) -> Sequence[Request] | str:
    found = _key(text) if len(text) <= _MOST_REMEMBERED else _key.__wrapped__(text)
    if found is None:
        return OTHER_STATEMENTS
    key, change = found
    return [(time, key, change, 0)]


@lru_cache(maxsize=1 << 16)
def _key(text: str) -> tuple[str, bool] | None:
    """Return the key of a statement and whether it changes it; None without values."""
    read = _READ.match(text)
    found = read or _CHANGE.match(text)
    if found is None:
        return None
    where = _WHERE.search(text)
    values = _VALUE.findall(where[1]) if where else _VALUES.findall(text)
    if not values:
        return None
    return ":".join((found[1], *(value.strip("'") for value in values))), read is None


def _moment(text: str) -> float:
    text = text.strip()
    if text[4:5] == "-":
        return datetime.fromisoformat(text).timestamp()
    return datetime.strptime(text, "%y%m%d %H:%M:%S").replace(tzinfo=UTC).timestamp()
