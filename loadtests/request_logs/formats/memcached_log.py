"""Reads memcached's logs: what -vv prints, and what `watch fetchers mutations` prints."""

import re
from collections.abc import Sequence

from loadtests.request_logs.formats.request import (
    NO_KEY,
    NO_TIME,
    UNREADABLE,
    LineParser,
    Request,
    operation_reader,
)

_VERBOSE = re.compile(r"<\d+ (\w+) (\S.*)")
_WATCH = re.compile(
    r"ts=(\d+\.\d+) .*?type=item_(get|store)\b.*?key=(\S+)(?:.*?cmd=(\w+))?(?:.*?size=(\d+))?"
)
_OTHER = re.compile(r"[<>]\d+ |ts=\d|slab class|Failed|END|authenticated")


def recognises(head: Sequence[str]) -> bool:
    """Return whether a line is memcached's and the first ones contradict nothing."""
    known = [bool(_WATCH.match(line) or _OTHER.match(line)) for line in head if line.strip()]
    return sum(known) > len(known) // 2


def parser(*, fills_change: bool) -> LineParser:
    """Return the parser of a line.

    Args:
        fills_change: Whether a set changes the data, rather than filling the cache after a miss.
    """
    changes = operation_reader(NO_KEY, fills_change=fills_change)

    def parse(line: str) -> Sequence[Request] | str:
        if watched := _WATCH.match(line):
            time, event, key, command, size = watched.groups()
            words, moment = [key], float(time)
            operation = "get" if event == "get" else command or "set"
        elif verbose := _VERBOSE.match(line):
            operation, words, moment, size = verbose[1], verbose[2].split(), NO_TIME, None
        else:
            return NO_KEY if _OTHER.match(line) or not line.strip() else UNREADABLE
        change = changes(operation)
        if isinstance(change, str):
            return change
        keys = words if operation in ("get", "gets") else words[:1]
        return [(moment, key, change, int(size or 0)) for key in keys]

    return parse
