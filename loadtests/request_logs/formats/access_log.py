"""Reads access logs of web servers: common, combined, and lines by a regex of one's own."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime

from loadtests.request_logs.formats.request import (
    NO_TIME,
    UNREADABLE,
    LineParser,
    Request,
    operation_reader,
)

_LINE = re.compile(
    r'\S+ \S+ .*?\[(?P<time>[^\]]+)\] "(?P<op>[A-Z]+) (?P<key>\S+)(?: [^"]*)?"'
    r" \d{3} (?P<size>\d+|-)"
)
_MALFORMED = re.compile(r'\S+ \S+ .*?\[[^\]]+\] "')
OTHER_METHODS = "requests other than reads and writes (OPTIONS, CONNECT, …)"
MALFORMED = "malformed requests that the server refused"
operation = operation_reader(OTHER_METHODS, fills_change=True)


def recognises(head: Sequence[str]) -> bool:
    """Return whether the lines are of the common or combined format."""
    return bool(head) and sum(bool(_LINE.match(line)) for line in head) > len(head) // 2


def parser() -> LineParser:
    """Return the parser of the common and combined formats; path and query are the key."""
    parse_one = regex_parser(_LINE)

    def parse(line: str) -> Sequence[Request] | str:
        found = parse_one(line)
        return MALFORMED if found == UNREADABLE and _MALFORMED.match(line) else found

    return parse


def regex_parser(pattern: re.Pattern[str]) -> LineParser:
    """Return the parser of lines in which *pattern* finds the groups key, and time, op and size.

    Only the group key must be there; without an operation every line is a read.
    """
    groups = frozenset(pattern.groupindex)
    moment = moment_reader()

    def parse(line: str) -> Sequence[Request] | str:
        found = pattern.search(line)
        if found is None:
            return UNREADABLE if line.strip() else ""
        try:
            time = moment(found["time"]) if "time" in groups else NO_TIME
        except ValueError:
            return UNREADABLE
        change = operation(found["op"]) if "op" in groups else False
        if isinstance(change, str):
            return change
        size = found["size"] if "size" in groups else ""
        return [(time, found["key"], change, int(size) if size.isdecimal() else 0)]

    return parse


def times_in(pattern: re.Pattern[str], head: Sequence[str]) -> list[str]:
    """Return the times that *pattern* finds in the first lines."""
    found = (pattern.search(line) for line in head if "time" in pattern.groupindex)
    return [line["time"] for line in found if line]


def moment_reader() -> Callable[[str], float]:
    """Return what turns a time into seconds: a number stays itself, a date counts from 1970.

    Dates are ISO 8601 or as web servers write them, 10/Oct/2000:13:55:36 -0700. It raises
    ValueError for anything else.
    """
    known: dict[str, float] = {}

    def read(text: str) -> float:
        if ":" not in text:  # To try what cannot be a number takes longer than to see it.
            try:
                return float(text)
            except ValueError:
                pass
        moment = known.get(text)
        if moment is None:
            known.clear()  # The lines of a second stand together.
            moment = known[text] = _date(text)
        return moment

    return read


def _date(text: str) -> float:
    try:
        return datetime.fromisoformat(text.strip()).timestamp()
    except ValueError:
        return datetime.strptime(text, "%d/%b/%Y:%H:%M:%S %z").timestamp()
