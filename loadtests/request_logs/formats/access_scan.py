"""Scans plain lines of access logs: common and combined."""

from loadtests.request_logs.compiled import Array, compiled
from loadtests.request_logs.formats.access_log import moment_reader, operation
from loadtests.request_logs.formats.line_scan import (
    DIGIT,
    KEY,
    LONGEST_PLAIN,
    OP,
    SIZE,
    SPACE,
    TIME,
    UNSURE,
    LineScan,
)

_SPACE, _OPEN, _CLOSE, _QUOTE, _MINUS = (ord(sign) for sign in ' []"-')
_A, _Z = ord("A"), ord("Z")
_SHORTEST_REQUEST = len('] "A a H" 200 -')


def access_scan() -> LineScan:
    """Return the scan of the common and combined formats."""
    return LineScan(_find, operation, moment_reader())


@compiled
def _find(text: Array, kinds: Array, ends: Array, places: Array, odd: Array) -> None:
    begin = 0
    for line in range(ends.size):
        end = ends[line]
        plain = end - begin <= LONGEST_PLAIN and _fields(text, kinds, begin, end, places[line])
        odd[line] = not plain
        begin = end + 1


@compiled
def _word(kinds: Array, place: int, end: int) -> int:
    """Return where the word at a place ends; the same place if it is none that is plain."""
    start = place
    while place < end and kinds[place] != SPACE:
        if kinds[place] == UNSURE:
            return start
        place += 1
    return place


@compiled
def _end_of(text: Array, place: int, end: int, sign: int) -> int:
    while place < end and text[place] != sign:
        place += 1
    return place


@compiled
def _fields(text: Array, kinds: Array, begin: int, end: int, places: Array) -> bool:
    """Find `host ident user [time] "METHOD key protocol" status size`."""
    place = begin
    for _ in range(2):
        start, place = place, _word(kinds, place, end)
        if place == start or place >= end or text[place] != _SPACE:
            return False
        place += 1
    place = _end_of(text, place, end, _OPEN)
    places[2 * TIME] = place + 1
    place = _end_of(text, place, end, _CLOSE)
    places[2 * TIME + 1] = place
    if places[2 * TIME] >= place or place + _SHORTEST_REQUEST > end:
        return False
    if text[place + 1] != _SPACE or text[place + 2] != _QUOTE:
        return False
    return _request(text, kinds, place + 3, end, places)


@compiled
def _request(text: Array, kinds: Array, place: int, end: int, places: Array) -> bool:
    places[2 * OP] = place
    while place < end and _A <= text[place] <= _Z:
        place += 1
    places[2 * OP + 1] = place
    if place == places[2 * OP] or place >= end or text[place] != _SPACE:
        return False
    places[2 * KEY] = place + 1
    place = _word(kinds, place + 1, end)
    places[2 * KEY + 1] = place
    if place == places[2 * KEY] or place >= end or text[place] != _SPACE:
        return False
    return _status_and_size(text, kinds, _end_of(text, place, end, _QUOTE) + 1, end, places)


@compiled
def _status_and_size(text: Array, kinds: Array, place: int, end: int, places: Array) -> bool:
    if place + 6 > end or text[place] != _SPACE or text[place + 4] != _SPACE:
        return False
    for digit in range(place + 1, place + 4):
        if kinds[digit] != DIGIT:
            return False
    place += 5
    start = place
    while place < end and kinds[place] == DIGIT:
        place += 1
    if place == start:
        return bool(text[place] == _MINUS)
    places[2 * SIZE], places[2 * SIZE + 1] = start, place
    return True
