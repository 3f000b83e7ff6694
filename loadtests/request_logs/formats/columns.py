"""Reads tables of requests: CSV, TSV, columns set apart by spaces, and JSON lines."""

import csv
import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from loadtests.request_logs.formats.access_log import MALFORMED, moment_reader
from loadtests.request_logs.formats.request import (
    NO_TIME,
    UNREADABLE,
    LineParser,
    Request,
    operation_reader,
)

JSON = "json"
"""In place of a delimiter: JSON lines."""

COLUMNS = ("time", "key", "op", "size")
"""What a column can be."""

NAMES = {
    "time": "time timestamp ts datetime date @timestamp op_time relative_unix time_local real_time"
    " time_iso8601 clock_time",
    "key": "key id obj_id object object_id item item_id url uri path request request_uri lbn"
    " hashed_host_path_query hashed_path_query hashed_host_and_path anonymized_key obj",
    "op": "op operation method request_method type command verb opcode",
    "size": "size obj_size object_size value_size bytes response_size body_bytes_sent bytes_sent",
}
"""Names in headers that are understood without being told."""

_REQUEST_LINE = re.compile(r"([A-Z]+) (\S+) HTTP/[\d.]+")
_NO_ROW = (LookupError, ValueError, TypeError, OverflowError)
"""What a line raises that is no row of its table."""

UNKNOWN_OPERATIONS = "operations other than reads, changes and fills"
_COLUMN_OF_NAME = {name: column for column, names in NAMES.items() for name in names.split()}


@dataclass(frozen=True, slots=True)
class Table:
    """Where the columns of a table are.

    Attributes:
        places: Index of each known column from 0; for JSON lines the name, dots between levels.
        delimiter: Sets columns apart; None for any run of spaces, `JSON` for JSON lines.
        header: Whether the first line names the columns.
        request_lines: Whether a key stands in a request line, `GET /a HTTP/1.1`, as in nginx'
            $request.
    """

    places: Mapping[str, int | str]
    delimiter: str | None
    header: bool = False
    request_lines: bool = False


def with_request_lines(table: Table, head: Sequence[str]) -> Table:
    """Return a table with a note whether the keys of its first rows stand in request lines."""
    if "op" in table.places:
        return table
    rows = first_rows(table, head)
    found = sum(_REQUEST_LINE.fullmatch(key) is not None for _, key, _, _ in rows)
    return replace(table, request_lines=found > len(rows) / 2)


def first_rows(table: Table, head: Sequence[str]) -> list[tuple[str, str, str, str]]:
    """Return time, key, operation and size of the first rows, of which some may be damaged."""
    fields, rows = _fields_of(table), []
    for line in head[1:] if table.header and table.delimiter != JSON else head:
        with suppress(*_NO_ROW):
            rows.append(fields(line))
    return rows


def splitter(delimiter: str | None) -> Callable[[str], list[str]]:
    """Return what splits a line into its fields; it raises ValueError for quotes that are none."""
    if delimiter is None:
        return str.split

    def split(line: str) -> list[str]:
        if '"' in line:
            try:
                return next(csv.reader([line], delimiter=delimiter))
            except csv.Error as error:
                raise ValueError(str(error)) from None
        return line.rstrip("\r\n").split(delimiter)

    return split


def delimiter_of(head: Sequence[str]) -> str | None:
    """Return what sets the columns apart: a tab, comma or semicolon, else spaces (None).

    It is in the first line and in most of the next ones, of which some may be damaged.
    """
    lines = [line for line in head[:5] if line.strip()]
    for delimiter in "\t,;":
        count = sum(delimiter in line for line in lines)
        if lines and delimiter in lines[0] and count > len(lines) // 2:
            return delimiter
    return None


def is_json(head: Sequence[str]) -> bool:
    """Return whether the first line begins a JSON object."""
    return head[0].lstrip().startswith("{")


def with_header(head: Sequence[str]) -> Table | None:
    """Return the table that the first line names the columns of; None if it names no key."""
    if not head:
        return None
    if is_json(head):
        return _json_lines(head[0])
    delimiter = delimiter_of(head)
    names = [name.strip().strip("\"'#").strip().lower() for name in splitter(delimiter)(head[0])]
    if names and names[0] == "":
        names = names[1:]  # "# time key" under spaces.
    return _named(names, {name: place for place, name in enumerate(names)}, delimiter)


def _named(
    names: Sequence[str], places: Mapping[str, int | str], delimiter: str | None
) -> Table | None:
    found: dict[str, int | str] = {}
    for name in names:
        column = _COLUMN_OF_NAME.get(name.rpartition(".")[2].lower())
        if column and column not in found:
            found[column] = places[name]
    return Table(found, delimiter, header=True) if "key" in found else None


def _json_lines(line: str) -> Table | None:
    try:
        names = _paths(json.loads(line))
    except ValueError:
        return None
    return _named(names, {name: name for name in names}, JSON)


def _paths(value: Mapping[str, Any], before: str = "") -> list[str]:
    """Return the names of the values in an object, dots between levels, outer ones first."""
    names = [f"{before}{name}" for name, inner in value.items() if not isinstance(inner, dict)]
    for name, inner in value.items():
        if isinstance(inner, dict):
            names += _paths(inner, f"{before}{name}.")
    return names


def operation_of(*, fills_change: bool) -> Callable[[str], bool | str]:
    """Return what says of an operation whether it changes its key, or why it gives no request."""
    return operation_reader(UNKNOWN_OPERATIONS, fills_change=fills_change)


def parser(table: Table, *, fills_change: bool) -> LineParser:
    """Return the parser of a row.

    Args:
        table: Where the columns are.
        fills_change: Whether a set changes the data, rather than filling the cache after a miss.
    """
    moment, changes = moment_reader(), operation_of(fills_change=fills_change)
    fields = _fields_of(table)
    header = table.header and table.delimiter != JSON

    def parse(line: str) -> Sequence[Request] | str:
        nonlocal header
        if header:
            header = False
            return ""
        if not line.strip() or line.startswith("#"):
            return ""
        try:
            time, key, operation, size = fields(line)
            seconds = moment(time) if time else NO_TIME
            size_bytes = int(float(size)) if size else 0
        except _NO_ROW:
            return UNREADABLE
        if table.request_lines:
            if not (asked := _REQUEST_LINE.fullmatch(key)):
                return MALFORMED
            operation, key = asked.groups()
        change = changes(operation) if operation else False
        if isinstance(change, str):
            return change
        return [(seconds, key, change, max(size_bytes, 0))] if key else UNREADABLE

    return parse


def _fields_of(table: Table) -> Callable[[str], tuple[str, str, str, str]]:
    return _json_fields(table) if table.delimiter == JSON else _row_fields(table)


def _row_fields(table: Table) -> Callable[[str], tuple[str, str, str, str]]:
    split = splitter(table.delimiter)
    places = {column: int(place) for column, place in table.places.items()}
    key = places["key"]
    # A short row gives an IndexError; a column that the table has not, an empty text.
    time, operation, size = (places.get(column, -1) for column in ("time", "op", "size"))

    def fields(line: str) -> tuple[str, str, str, str]:
        row = split(line)
        return (
            row[time].strip() if time >= 0 else "",
            row[key].strip(),
            row[operation].strip() if operation >= 0 else "",
            row[size] if size >= 0 else "",
        )

    return fields


def _json_fields(table: Table) -> Callable[[str], tuple[str, str, str, str]]:
    paths = {column: str(place).split(".") for column, place in table.places.items()}

    def fields(line: str) -> tuple[str, str, str, str]:
        row = json.loads(line)
        found = []
        for column in COLUMNS:
            value: Any = row if column in paths else ""
            for name in paths.get(column, ()):
                value = value[name]
            found.append(str(value))
        return found[0], found[1], found[2], found[3]

    return fields
