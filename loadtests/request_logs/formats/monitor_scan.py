"""Scans plain lines of what `redis-cli MONITOR` prints."""

from loadtests.request_logs.compiled import Array, compiled
from loadtests.request_logs.formats.line_scan import (
    DIGIT,
    KEY,
    LINE_FEED,
    LONGEST_PLAIN,
    OP,
    TIME,
    LineScan,
)
from loadtests.request_logs.formats.redis_monitor import SEVERAL_KEYS, operation_of

_SPACE, _OPEN, _CLOSE, _DOT, _QUOTE, _BACKSLASH = (ord(sign) for sign in ' []."\\')


def monitor_scan(*, fills_change: bool) -> LineScan:
    """Return the scan of commands with one key."""
    changes = operation_of(fills_change=fills_change)

    def operation(command: str) -> bool | str | None:
        return None if command.lower() in SEVERAL_KEYS else changes(command)

    return LineScan(_find, operation, float)


@compiled
def _find(text: Array, kinds: Array, ends: Array, places: Array, odd: Array) -> None:
    begin = 0
    for line in range(ends.size):
        end = ends[line]
        plain = end - begin <= LONGEST_PLAIN and _fields(text, kinds, begin, places[line])
        odd[line] = not plain
        begin = end + 1


@compiled
def _digits(kinds: Array, place: int) -> int:
    while kinds[place] == DIGIT:
        place += 1
    return place


@compiled
def _quoted(text: Array, place: int) -> int:
    """Return where the word ends whose quote is at a place; -1 for none, and for escapes in it."""
    if text[place] != _QUOTE:
        return -1
    place += 1
    while text[place] != _QUOTE:
        if text[place] == _BACKSLASH or text[place] == LINE_FEED:
            return -1
        place += 1
    return place


@compiled
def _fields(text: Array, kinds: Array, begin: int, places: Array) -> bool:
    r"""Find `seconds.micros [db address] "COMMAND" "key"`; every line ends with a line feed."""
    place = _digits(kinds, begin)
    if place == begin or text[place] != _DOT or kinds[place + 1] != DIGIT:
        return False
    place = _digits(kinds, place + 1)
    places[2 * TIME], places[2 * TIME + 1] = begin, place
    if text[place] != _SPACE or text[place + 1] != _OPEN or kinds[place + 2] != DIGIT:
        return False
    place = _digits(kinds, place + 2)
    if text[place] != _SPACE:
        return False
    while text[place] != _CLOSE and text[place] != LINE_FEED:
        place += 1
    if text[place] == LINE_FEED or text[place + 1] != _SPACE:
        return False
    places[2 * OP], places[2 * OP + 1] = place + 3, _quoted(text, place + 2)
    place = places[2 * OP + 1] + 1
    if place <= places[2 * OP] + 1 or text[place] != _SPACE:
        return False
    places[2 * KEY], places[2 * KEY + 1] = place + 2, _quoted(text, place + 1)
    return bool(places[2 * KEY + 1] >= 0)
