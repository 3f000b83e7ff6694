"""Reads what `redis-cli MONITOR` prints."""

import re
from collections.abc import Callable, Sequence

from loadtests.request_logs.formats.request import (
    NO_KEY,
    UNREADABLE,
    LineParser,
    Request,
    operation_reader,
)

_LINE = re.compile(r"(\d+\.\d+) \[\d+ ([^\]]*)\] (\".*)")
_DATABASE = re.compile(r"\d+\.\d+ \[(\d{1,9}) ")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"')
SEVERAL_KEYS = frozenset(("mget", "del", "unlink", "exists"))
_SCRIPTS = frozenset(("eval", "evalsha", "eval_ro", "evalsha_ro", "fcall", "fcall_ro"))


def recognises(head: Sequence[str]) -> bool:
    """Return whether the lines are MONITOR's."""
    lines = [line for line in head if line.strip() != "OK"]
    return bool(lines) and all(_LINE.match(line) for line in lines[:5])


def operation_of(*, fills_change: bool) -> Callable[[str], bool | str]:
    """Return what says of a command whether it changes its key, or why it gives no request."""
    changes = operation_reader(NO_KEY, fills_change=fills_change)
    # What a script does stands in lines of its own.
    return lambda command: NO_KEY if command.lower() in _SCRIPTS else changes(command)


def database_of(line: str) -> int | None:
    """Return the number of the database that a line's command was sent to; None for no command."""
    found = _DATABASE.match(line)
    return int(found[1]) if found else None


def parser(*, fills_change: bool) -> LineParser:
    """Return the parser of a line.

    Args:
        fills_change: Whether a SET changes the data, rather than filling the cache after a miss.
    """
    changes = operation_of(fills_change=fills_change)

    def parse(line: str) -> Sequence[Request] | str:
        found = _LINE.match(line)
        if found is None:
            return "" if line.strip() in ("", "OK") else UNREADABLE
        words = _WORD.findall(found[3])
        if not words:
            return UNREADABLE
        command = words[0].lower()
        change = changes(command) if len(words) > 1 else NO_KEY
        if isinstance(change, str):
            return change
        keys = words[1:] if command in SEVERAL_KEYS else words[1:2]
        return [(float(found[1]), key, change, 0) for key in keys]

    return parse
