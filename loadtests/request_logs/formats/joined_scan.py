"""Scans plain rows of traces whose keys are made of several columns: MSR Cambridge and SPC."""

from collections.abc import Callable
from functools import partial

from loadtests.request_logs.compiled import Array, compiled
from loadtests.request_logs.formats.line_scan import KEY, OP, SIZE, SPACE, TIME, UNSURE, LineScan

_COMMA, _COLON, _DOT = (ord(sign) for sign in ",:.")


def msr_scan(operation: Callable[[str], bool]) -> LineScan:
    """Return the scan of `time,host,disk,kind,offset,size`."""
    return LineScan(partial(_find, True), operation, float)


def spc_scan(operation: Callable[[str], bool]) -> LineScan:
    """Return the scan of `unit,address,size,kind,time`."""
    return LineScan(partial(_find, False), operation, float)


@compiled
def _find(of_msr: bool, text: Array, kinds: Array, ends: Array, places: Array, odd: Array) -> None:  # noqa: PLR0913, PLR0917
    begin = 0
    for line in range(ends.size):
        end = ends[line]
        odd[line] = not _fields(of_msr, text, kinds, begin, end, places[line])
        begin = end + 1


@compiled
def _after_comma(text: Array, place: int, end: int) -> int:
    while place < end and text[place] != _COMMA:
        place += 1
    return place + 1


@compiled
def _fields(of_msr: bool, text: Array, kinds: Array, begin: int, end: int, places: Array) -> bool:  # noqa: PLR0913, PLR0917
    """Find the columns and put those of the key side by side in *text*; False if not plain."""
    for place in range(begin, end):
        if kinds[place] in (SPACE, UNSURE):
            return False
    second = _after_comma(text, begin, end)
    third = _after_comma(text, second, end)
    fourth = _after_comma(text, third, end)
    fifth = _after_comma(text, fourth, end)
    sixth = _after_comma(text, fifth, end)
    if of_msr:
        _note(places, TIME, begin, second)
        _note(places, SIZE, sixth, _after_comma(text, sixth, end))
    else:
        _note(places, TIME, fifth, sixth)
        _note(places, SIZE, third, fourth)
    for column in (TIME, SIZE):  # Empty, or there are too few columns.
        if places[2 * column] >= places[2 * column + 1]:
            return False
    if not of_msr:
        text[second - 1] = _COLON
        _note(places, KEY, begin, third)
        _note(places, OP, fourth, fifth)
        return True
    # What stands between the halves of the key goes before them: host,disk,kind,offset.
    text[third - 1], text[fourth - 1] = _DOT, _COLON
    _reverse(text, second, fourth)
    _reverse(text, fourth, fifth)
    _reverse(text, second, fifth)
    key = second + fifth - fourth
    _note(places, OP, second, key)
    _note(places, KEY, key, sixth)
    return True


@compiled
def _note(places: Array, column: int, start: int, after: int) -> None:
    places[2 * column], places[2 * column + 1] = start, after - 1


@compiled
def _reverse(text: Array, start: int, end: int) -> None:
    while start < end - 1:
        end -= 1
        text[start], text[end] = text[end], text[start]
        start += 1
