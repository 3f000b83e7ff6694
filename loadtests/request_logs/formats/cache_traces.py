"""Recognises published traces without a header by the shape of their rows.

Twitter's cache traces (Yang, Yue, Vinayak, OSDI 2020), MSR Cambridge (Narayanan, FAST 2008), SPC-1
and ARC (Megiddo and Modha, FAST 2003), WikiBench (Urdaneta 2009), LRB (Song, NSDI 2020) and
libCacheSim's csv; also a plain list of keys, and `seconds key` as this project writes it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loadtests.request_logs.formats.columns import Table, delimiter_of, splitter
from loadtests.request_logs.formats.joined_scan import msr_scan, spc_scan
from loadtests.request_logs.formats.line_scan import LineScan
from loadtests.request_logs.formats.request import (
    NO_TIME,
    UNREADABLE,
    LineParser,
    Request,
    kind_of,
)

Rows = Sequence[Sequence[str]]
_ROWS_TO_SEE = 50
_MOST_BLOCKS = 65_536


@dataclass(frozen=True, slots=True)
class Shape:
    """A format without a header.

    Attributes:
        name: What messages and --format call it.
        fits: Whether the first rows have this shape, given what sets the columns apart.
        table: Where the columns are.
        parser: Makes the parser where the rows need more than a table.
        scan: Finds the fields of plain rows for that parser; None if it has none.
    """

    name: str
    fits: Callable[[Rows, str | None], bool]
    table: Table
    parser: Callable[[], LineParser] | None = None
    scan: LineScan | None = None


def recognise(head: Sequence[str]) -> Shape | None:
    """Return the shape of the first lines; None if they have none that is known."""
    lines = [line for line in head[:_ROWS_TO_SEE] if line.strip() and not line.startswith("#")]
    delimiter = delimiter_of(lines)
    rows = [splitter(delimiter)(line) for line in lines]
    if not rows or len({len(row) for row in rows}) > 2:
        return None
    return next((shape for shape in SHAPES if shape.fits(rows, delimiter)), None)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _numeric(rows: Rows, *columns: int) -> bool:
    return all(
        len(row) > max(columns) and _number(row[i]) is not None for row in rows for i in columns
    )


def _rising(rows: Rows, column: int) -> bool:
    times = [_number(row[column]) for row in rows]
    known = [time for time in times if time is not None]
    return len(known) == len(rows) and known == sorted(known) and len(rows) > 1


def _operations(rows: Rows, column: int) -> bool:
    words = [row[column].strip() for row in rows if len(row) > column]
    return len(words) == len(rows) and all(
        kind_of(word, fills_change=True) and not word.isdecimal() for word in words
    )


def _wide(rows: Rows, columns: int) -> bool:
    return all(len(row) == columns for row in rows)


def _is_twitter(rows: Rows, _delimiter: str | None) -> bool:
    return _wide(rows, 7) and _numeric(rows, 0, 2, 3, 6) and _operations(rows, 5)


def _is_msr(rows: Rows, _delimiter: str | None) -> bool:
    return _wide(rows, 7) and _numeric(rows, 0, 2, 4, 5) and _operations(rows, 3)


def _is_spc(rows: Rows, _delimiter: str | None) -> bool:
    return len(rows[0]) in (5, 6) and _numeric(rows, 0, 1, 2, 4) and _operations(rows, 3)


def _is_arc(rows: Rows, delimiter: str | None) -> bool:
    whole = _wide(rows, 4) and all(field.isdecimal() for row in rows for field in row)
    return delimiter is None and whole and all(row[2] == "0" for row in rows)


def _is_wikibench(rows: Rows, delimiter: str | None) -> bool:
    urls = _wide(rows, 4) and all("://" in row[2] for row in rows)
    return delimiter is None and urls and _numeric(rows, 0, 1)


def _is_lrb(rows: Rows, delimiter: str | None) -> bool:
    return delimiter is None and len(rows[0]) >= 3 and _rising(rows, 0) and _numeric(rows, 1, 2)


def _is_libcachesim(rows: Rows, delimiter: str | None) -> bool:
    return delimiter == "," and len(rows[0]) in (3, 4) and _rising(rows, 0) and _numeric(rows, 1, 2)


def _is_timed_key(rows: Rows, _delimiter: str | None) -> bool:
    return all(len(row) == 2 for row in rows) and _rising(rows, 0)


def _is_key(rows: Rows, delimiter: str | None) -> bool:
    return delimiter is None and all(len(row) == 1 for row in rows)


def _changes(operation: str) -> bool:
    return kind_of(operation, fills_change=True) == "change"


def msr_parser() -> LineParser:
    """Return the parser of MSR Cambridge: a key is host, disk and offset."""

    def parse(line: str) -> Sequence[Request] | str:
        row = line.strip().split(",")
        try:
            time, host, disk, kind, offset, size = row[:6]
            return [(float(time), f"{host}.{disk}:{offset}", _changes(kind), int(size))]
        except ValueError:
            return UNREADABLE if line.strip() else ""

    return parse


def spc_parser() -> LineParser:
    """Return the parser of SPC: a key is a unit (ASU) and a block address."""

    def parse(line: str) -> Sequence[Request] | str:
        row = [field.strip() for field in line.split(",")]
        try:
            unit, address, size, kind, time = row[:5]
            return [(float(time), f"{unit}:{address}", _changes(kind), int(size))]
        except ValueError:
            return UNREADABLE if line.strip() else ""

    return parse


def _arc_parser() -> LineParser:
    """Return the parser of ARC: a row asks for consecutive blocks, each a key of 512 bytes."""

    def parse(line: str) -> Sequence[Request] | str:
        try:
            start, count = (int(field) for field in line.split()[:2])
        except ValueError:
            return UNREADABLE if line.strip() else ""
        if not 0 < count <= _MOST_BLOCKS:
            return UNREADABLE
        return [(NO_TIME, str(block), False, 512) for block in range(start, start + count)]

    return parse


SHAPES = (
    Shape("twitter", _is_twitter, Table({"time": 0, "key": 1, "op": 5, "size": 3}, ",")),
    Shape("msr", _is_msr, Table({}, ","), msr_parser, msr_scan(_changes)),
    Shape("spc", _is_spc, Table({}, ","), spc_parser, spc_scan(_changes)),
    Shape("arc", _is_arc, Table({"key": 0}, None), _arc_parser),
    Shape("wikibench", _is_wikibench, Table({"time": 1, "key": 2}, None)),
    Shape("libcachesim", _is_libcachesim, Table({"time": 0, "key": 1, "size": 2}, ",")),
    Shape("lrb", _is_lrb, Table({"time": 0, "key": 1, "size": 2}, None)),
    Shape("seconds-key", _is_timed_key, Table({"time": 0, "key": 1}, None)),
    Shape("keys", _is_key, Table({"key": 0}, None)),
)
"""In the order in which they are tried."""
