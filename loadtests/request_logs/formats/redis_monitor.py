"""Reads what `redis-cli MONITOR` prints."""

import re
from collections.abc import Sequence

from loadtests.request_logs.formats.request import (
    FILLS,
    NO_KEY,
    UNREADABLE,
    LineParser,
    Request,
    kind_of,
)

_LINE = re.compile(r"(\d+\.\d+) \[\d+ ([^\]]*)\] (\".*)")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"')
_SEVERAL_KEYS = frozenset(("mget", "del", "unlink", "exists"))
_SCRIPTS = frozenset(("eval", "evalsha", "eval_ro", "evalsha_ro", "fcall", "fcall_ro"))


def recognises(head: Sequence[str]) -> bool:
    """Return whether the lines are MONITOR's."""
    lines = [line for line in head if line.strip() != "OK"]
    return bool(lines) and all(_LINE.match(line) for line in lines[:5])


def parser(*, fills_change: bool) -> LineParser:
    """Return the parser of a line.

    Args:
        fills_change: Whether a SET changes the data, rather than filling the cache after a miss.
    """

    def parse(line: str) -> Sequence[Request] | str:
        found = _LINE.match(line)
        if found is None:
            return "" if line.strip() in ("", "OK") else UNREADABLE
        words = _WORD.findall(found[3])
        if not words:
            return UNREADABLE
        command = words[0].lower()
        # What a script does stands in lines of its own.
        kind = None if command in _SCRIPTS else kind_of(command, fills_change=fills_change)
        if kind is None or len(words) < 2:
            return NO_KEY
        if kind == "fill":
            return FILLS
        keys = words[1:] if command in _SEVERAL_KEYS else words[1:2]
        return [(float(found[1]), key, kind == "change", 0) for key in keys]

    return parse
