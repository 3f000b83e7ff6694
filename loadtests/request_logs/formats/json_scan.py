"""Scans plain JSON lines: objects of texts, numbers and further objects, nothing escaped."""

from functools import partial

import numpy as np

from loadtests.request_logs.compiled import Array, compiled
from loadtests.request_logs.formats.access_log import moment_reader
from loadtests.request_logs.formats.columns import COLUMNS, Table, operation_of
from loadtests.request_logs.formats.line_scan import (
    DIGIT,
    KEY,
    LINE_FEED,
    LONGEST_PLAIN,
    OP,
    LineScan,
)

_QUOTE, _BACKSLASH, _COLON, _COMMA, _OPEN, _CLOSE = (ord(sign) for sign in '"\\:,{}')
_MINUS, _DOT, _ZERO = (ord(sign) for sign in "-.0")
_SPACE, _TAB, _RETURN = (ord(sign) for sign in " \t\r")
_A, _Z = ord("a"), ord("z")
_LITERALS = tuple(int.from_bytes(word, "big") for word in (b"true", b"false", b"null"))
_MOST_DIGITS = 4000  # Of more, Python makes no number.
_DEEPEST = 8


def json_scan(table: Table, *, fills_change: bool) -> LineScan | None:
    """Return the scan of JSON lines; None if a column lies deeper than a scan looks."""
    paths = [str(table.places[name]).split(".") if name in table.places else [] for name in COLUMNS]
    if max(map(len, paths)) > _DEEPEST:
        return None
    names = sorted({name for path in paths for name in path})
    texts = [name.encode("utf-8", "surrogateescape") for name in names]
    ends = np.cumsum([0, *map(len, texts)])
    joined = np.frombuffer(b"".join(texts), np.uint8)
    levels = np.full((len(COLUMNS), _DEEPEST + 1), -1)
    for column, path in enumerate(paths):
        levels[column, : len(path)] = [names.index(name) for name in path]
    find = partial(_find, joined, ends, levels)
    return LineScan(find, operation_of(fills_change=fills_change), moment_reader())


@compiled
def _find(  # noqa: PLR0913, PLR0917 - the names, and the columns of a block
    names: Array,
    name_ends: Array,
    levels: Array,
    text: Array,
    kinds: Array,
    line_ends: Array,
    places: Array,
    odd: Array,
) -> None:
    wanted = np.count_nonzero(levels[:, 0] >= 0)
    entered = np.zeros(levels.shape[0], np.int64)
    seen = np.zeros(levels.shape, np.bool_)
    begin = 0
    for line in range(line_ends.size):
        end = line_ends[line]
        entered[:] = 0
        seen[:] = False
        odd[line] = end - begin > LONGEST_PLAIN or wanted != _object(
            text, kinds, begin, names, name_ends, levels, entered, seen, places[line]
        )
        begin = end + 1


@compiled
def _blank(text: Array, place: int) -> int:
    while text[place] == _SPACE or text[place] == _TAB or text[place] == _RETURN:
        place += 1
    return place


@compiled
def _quoted(text: Array, place: int) -> int:
    """Return where the text ends that begins after a quote; -1 for one that is not plain."""
    while text[place] != _QUOTE:
        if text[place] == _BACKSLASH or text[place] < _SPACE:  # A line feed too.
            return -1
        place += 1
    return place


@compiled
def _number(text: Array, kinds: Array, place: int) -> int:
    """Return where a number without an exponent ends; -1 if it is none."""
    if text[place] == _MINUS:
        place += 1
    start = place
    while kinds[place] == DIGIT:
        place += 1
    leading = text[start] == _ZERO and place > start + 1
    if leading or not 0 < place - start < _MOST_DIGITS:
        return -1
    if text[place] == _DOT:
        place += 1
        start = place
        while kinds[place] == DIGIT:
            place += 1
        if place == start:
            return -1
    return place


@compiled
def _named(text: Array, start: int, end: int, names: Array, name_ends: Array) -> int:
    """Return the number of a name; -1 if no column has it in its path."""
    for name in range(name_ends.size - 1):
        first = name_ends[name]
        if name_ends[name + 1] - first != end - start:
            continue
        same = True
        for place in range(end - start):
            same = same and text[start + place] == names[first + place]
        if same:
            return name
    return -1


@compiled
def _literal(text: Array, place: int) -> int:
    """Return where true, false or null ends; -1 for anything else."""
    word = 0
    for end in range(place, place + 6):
        if text[end] < _A or text[end] > _Z:
            return end if word in _LITERALS else -1
        word = 256 * word + int(text[end])
    return -1


@compiled
def _value(text: Array, kinds: Array, place: int) -> tuple[int, int]:
    """Return where a value ends, -1 if it is not plain, and how it begins."""
    sign = text[place]
    if sign == _QUOTE:
        return _quoted(text, place + 1), _QUOTE
    if sign == _OPEN:
        return place, _OPEN
    if kinds[place] == DIGIT or sign == _MINUS:
        return _number(text, kinds, place), DIGIT
    return _literal(text, place), _A


@compiled
def _fits(text: Array, column: int, kind: int, start: int, end: int) -> bool:
    """Return whether a value is written in the text as the parser of lines writes it."""
    if kind != DIGIT or column == OP:
        return bool(kind == _QUOTE)
    negative_zero = text[start] == _MINUS and text[start + 1] == _ZERO
    decimals = 0
    for place in range(start, end):
        decimals += text[place] == _DOT
    return column != KEY or not (negative_zero or decimals)


@compiled
def _note(  # noqa: PLR0913, PLR0917 - a value, and where in the line it stands
    text: Array,
    start: int,
    end: int,
    kind: int,
    name: int,
    depth: int,
    levels: Array,
    entered: Array,
    seen: Array,
    places: Array,
) -> int:
    """Note a value in the columns that it is; return how many, -1 if the line is not plain."""
    found = 0
    for column in range(levels.shape[0]):
        if entered[column] != depth or levels[column, depth] != name:
            continue
        if seen[column, depth]:
            return -1  # Of a name that stands twice, the last value counts.
        seen[column, depth] = True
        if levels[column, depth + 1] >= 0:
            entered[column] += kind == _OPEN
        elif _fits(text, column, kind, start, end):
            places[2 * column], places[2 * column + 1] = start, end
            found += 1
        else:
            return -1
    return found


@compiled
def _name(text: Array, place: int, names: Array, name_ends: Array) -> tuple[int, int]:
    """Return the number of the name at a place and where its value begins, -1 for none."""
    if text[place] != _QUOTE:
        return -1, -1
    end = _quoted(text, place + 1)
    if end < 0:
        return -1, -1
    colon = _blank(text, end + 1)
    value = _blank(text, colon + 1) if text[colon] == _COLON else -1
    return _named(text, place + 1, end, names, name_ends), value


@compiled
def _object(  # noqa: C901, PLR0911, PLR0913, PLR0917 - the grammar of JSON
    text: Array,
    kinds: Array,
    place: int,
    names: Array,
    name_ends: Array,
    levels: Array,
    entered: Array,
    seen: Array,
    places: Array,
) -> int:
    """Note the values of the columns; return how many there are, -1 if the line is not plain."""
    depth, found = 0, 0
    place = _blank(text, place)
    if text[place] != _OPEN:
        return -1
    while True:
        # After a brace that opens, or a comma.
        name, place = _name(text, _blank(text, place + 1), names, name_ends)
        if place < 0:
            return -1
        end, kind = _value(text, kinds, place)
        if end < 0:
            return -1
        if name >= 0:
            start = place + (kind == _QUOTE)
            noted = _note(text, start, end, kind, name, depth, levels, entered, seen, places)
            if noted < 0:
                return -1
            found += noted
        if kind == _OPEN:
            depth += 1
            if depth == _DEEPEST:
                return -1
            continue
        place = _blank(text, end + (kind == _QUOTE))
        while text[place] == _CLOSE:
            place = _blank(text, place + 1)
            if depth == 0:
                return found if text[place] == LINE_FEED else -1
            depth -= 1
            entered[:] = np.minimum(entered, depth)
        if text[place] != _COMMA:
            return -1
