"""Scans plain rows of tables: CSV, TSV and columns set apart by spaces."""

from functools import partial

import numpy as np

from loadtests.request_logs.compiled import Array, compiled
from loadtests.request_logs.formats.access_log import moment_reader
from loadtests.request_logs.formats.columns import COLUMNS, Table, operation_of
from loadtests.request_logs.formats.line_scan import LONGEST_PLAIN, SIZE, SPACE, UNSURE, LineScan

_QUOTE, _HASH = ord('"'), ord("#")
_SPACES = -1  # In place of a delimiter.


def table_scan(table: Table, *, fills_change: bool) -> LineScan | None:
    """Return the scan of a table's rows; None for JSON and for odd delimiters."""
    delimiter = _SPACES if table.delimiter is None else _byte(table.delimiter)
    if delimiter is None:
        return None
    columns = np.array([int(table.places.get(name, -1)) for name in COLUMNS])
    find = partial(_find, delimiter, columns)
    return LineScan(find, operation_of(fills_change=fills_change), moment_reader())


def _byte(delimiter: str) -> int | None:
    plain = len(delimiter) == 1 and delimiter.isascii() and delimiter not in '"#\r\n'
    return ord(delimiter) if plain else None


@compiled
def _find(  # noqa: PLR0913, PLR0917 - the table, and the columns of a block
    delimiter: int,
    columns: Array,
    text: Array,
    kinds: Array,
    ends: Array,
    places: Array,
    odd: Array,
) -> None:
    wanted, begin = np.count_nonzero(columns >= 0), 0
    for line in range(ends.size):
        end, of_line = ends[line], places[line]
        if end == begin or end - begin > LONGEST_PLAIN or text[begin] == _HASH:
            odd[line] = True
        elif delimiter == _SPACES:
            odd[line] = _split_at_spaces(kinds, begin, end, columns, of_line) != wanted
        else:
            odd[line] = _split(text, kinds, begin, end, delimiter, columns, of_line) != wanted
        begin = end + 1


@compiled
def _keep(kinds: Array, start: int, end: int, field: int, columns: Array, places: Array) -> int:  # noqa: PLR0913, PLR0917
    """Note a field without the spaces around it; return how many columns it is."""
    count = 0
    for column in range(4):
        if columns[column] != field:
            continue
        count += 1
        first, last = start, end
        while first < last and kinds[first] == SPACE:
            first += 1
        while first < last and kinds[last - 1] == SPACE:
            last -= 1
        if column == SIZE and first == last:
            first = start  # A size of spaces alone is none.
        places[2 * column], places[2 * column + 1] = first, last
    return count


@compiled
def _split_at_spaces(kinds: Array, begin: int, end: int, columns: Array, places: Array) -> int:
    """Note the fields of a row; return how many columns have one, -1 if it is not plain."""
    found, field, place = 0, 0, begin
    while place < end:
        if kinds[place] == SPACE:
            place += 1
            continue
        start = place
        while place < end and kinds[place] != SPACE:
            if kinds[place] == UNSURE:
                return -1
            place += 1
        found += _keep(kinds, start, place, field, columns, places)
        field += 1
    return found


@compiled
def _split(  # noqa: PLR0913, PLR0917 - the columns of a row
    text: Array,
    kinds: Array,
    begin: int,
    end: int,
    delimiter: int,
    columns: Array,
    places: Array,
) -> int:
    """Note the fields of a row; return how many columns have one, -1 if it is not plain."""
    found, field, place = 0, 0, begin
    while True:
        quoted = place < end and text[place] == _QUOTE
        ends_with = _QUOTE if quoted else delimiter
        place += quoted
        start = place
        while place < end and text[place] != ends_with:
            if text[place] == _QUOTE or kinds[place] == UNSURE:
                return -1
            place += 1
        found += _keep(kinds, start, place, field, columns, places)
        if quoted:
            if place == end:
                return -1
            place += 1
            if place < end and text[place] != delimiter:
                return -1
        if place == end:
            return found
        place += 1
        field += 1
