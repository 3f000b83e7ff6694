"""Finds out which format a log has, from its first lines or by name."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from loadtests.request_logs.clock import DATES, NUMBERS, SECONDS, clock_of
from loadtests.request_logs.formats import (
    access_log,
    cache_traces,
    columns,
    memcached_log,
    mysql_log,
    redis_monitor,
)
from loadtests.request_logs.formats.access_scan import access_scan
from loadtests.request_logs.formats.json_scan import json_scan
from loadtests.request_logs.formats.line_scan import LineScan
from loadtests.request_logs.formats.monitor_scan import monitor_scan
from loadtests.request_logs.formats.request import LineParser
from loadtests.request_logs.formats.table_scan import table_scan
from loadtests.request_logs.source import PACKED, LogError, Source

ORACLE_GENERAL, TABLE = "oracle-general", "table"
FORMATS = (
    *("redis-monitor", "access-log", "mysql-log", "memcached-log", TABLE, ORACLE_GENERAL),
    *(shape.name for shape in cache_traces.SHAPES),
)
"""What --format takes."""

WAY_OUT = "say where the columns are: --columns time=1,key=2, or --line-regex '(?P<key>…)'"
_ARCHIVES = {
    b"PK\x03\x04": "a zip archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"\x04\x22\x4d\x18": "packed as lz4",
    **dict.fromkeys(PACKED, "packed twice"),
}
_TAR, _TAR_PLACE = b"ustar", 257
_LONGEST_QUOTE = 60


@dataclass(frozen=True, slots=True)
class Reading:
    """How logs are to be read.

    Attributes:
        format_name: One of `FORMATS`; None recognises it.
        columns: Place of each column from 1, or its name; None takes those of the header.
        delimiter: What sets columns apart; None recognises it.
        line_regex: Finds the groups key, time, op and size in a line; None for a known format.
        key_regex: Takes the key out of what stands in its place; None takes all of it.
        class_regex: Takes the class out of a key; None takes what stands before its first colon, or
            the first folder of a path.
        fills_change: Whether a SET changes the data, rather than filling the cache after a miss.
    """

    format_name: str | None = None
    columns: dict[str, str] | None = None
    delimiter: str | None = None
    line_regex: re.Pattern[str] | None = None
    key_regex: re.Pattern[str] | None = None
    class_regex: re.Pattern[str] | None = None
    fills_change: bool = False


@dataclass(frozen=True, slots=True)
class Format:
    """A format that was recognised.

    Attributes:
        name: What people call it.
        parse: Parses one line.
        scan: Finds the fields of plain lines, many at a time; None if it has no scan.
        join: Joins lines that belong together.
        clock: What its times are: `NUMBERS`, `SECONDS` or `DATES`.
    """

    name: str
    parse: LineParser
    scan: LineScan | None = None
    join: Callable[[Iterable[str]], Iterable[str]] = lambda lines: lines
    clock: str = NUMBERS


def recognise(source: Source, how: Reading) -> Format:
    """Return the format of a text.

    Raises:
        LogError: It is none that is known.
    """
    head = [line for line in source.first_lines() if line.strip()]
    if not head:
        raise LogError(f"{source.name} is empty; name a log with requests")
    _refuse_binary(source, head[0])
    if how.line_regex:
        clock = clock_of(access_log.times_in(how.line_regex, head))
        parse = access_log.regex_parser(how.line_regex)
        return Format("lines by --line-regex", parse, clock=clock)
    if how.columns:
        table = _given_table(how.columns, how.delimiter, head, source.name)
        return _tabular("columns", table, head, how)
    try:
        found = _by_name(how.format_name, head, how) if how.format_name else _by_look(head, how)
    except (ValueError, RecursionError):  # Quotes or brackets without an end.
        found = None
    if found is None:
        raise LogError(
            f"{source.name}, line 1: {quote(head[0])} is {_unlike(how)}; {_columns_of(head)}"
        )
    return found


def _columns_of(head: Sequence[str]) -> str:
    """Return how to say where the columns are, in the way of lines like these."""
    if columns.is_json(head):
        return "say what its columns are called: --columns time=NAME,key=NAME"
    return WAY_OUT


def _refuse_binary(source: Source, first_line: str) -> None:
    """Refuse what is no text; zeros further on are left by a machine that crashed.

    Raises:
        LogError: It is an archive or binary.
    """
    what = next((what for magic, what in _ARCHIVES.items() if source.head.startswith(magic)), None)
    if source.head[_TAR_PLACE:].startswith(_TAR):
        what = "a tar archive"
    if what:
        raise LogError(f"{source.name} is {what}; unpack it and name the log that is in it")
    if "\x00" in first_line:
        raise LogError(f"{source.name} is binary, and not of oracleGeneral; name a log of text")


def _unlike(how: Reading) -> str:
    return f"not of the format {how.format_name}" if how.format_name else "of no known format"


def _by_name(name: str, head: Sequence[str], how: Reading) -> Format | None:
    """Return the format that was named; None for a table without a header."""
    if name == TABLE:
        table = columns.with_header(head)
        return _tabular(TABLE, table, head, how) if table else None
    for shape in cache_traces.SHAPES:
        if name == shape.name:
            return _shaped(shape, head, how)
    return _log(name, how)


def _by_look(head: Sequence[str], how: Reading) -> Format | None:
    """Return the format that the first lines have; None if it is not known."""
    if table := columns.with_header(head):
        return _tabular(TABLE, table, head, how)
    if columns.is_json(head):
        return None  # A list of keys could be anything.
    for name, recognises in _LOGS.items():
        if recognises(head):
            return _log(name, how)
    shape = cache_traces.recognise(head)
    return _shaped(shape, head, how) if shape else None


_LOGS: dict[str, Callable[[Sequence[str]], bool]] = {
    "redis-monitor": redis_monitor.recognises,
    "mysql-log": mysql_log.recognises,
    "memcached-log": memcached_log.recognises,
    "access-log": access_log.recognises,
}


def _log(name: str, how: Reading) -> Format:
    match name:
        case "redis-monitor":
            changed = how.fills_change
            return Format(
                name,
                redis_monitor.parser(fills_change=changed),
                monitor_scan(fills_change=changed),
                clock=SECONDS,
            )
        case "mysql-log":
            return Format(name, mysql_log.parser(), join=mysql_log.join_statements, clock=DATES)
        case "memcached-log":
            return Format(name, memcached_log.parser(fills_change=how.fills_change), clock=SECONDS)
        case _:
            return Format(name, access_log.parser(), access_scan(), clock=DATES)


def _tabular(name: str, table: columns.Table, head: Sequence[str], how: Reading) -> Format:
    changed, table = how.fills_change, columns.with_request_lines(table, head)
    scan = json_scan if table.delimiter == columns.JSON else table_scan
    return Format(
        name,
        columns.parser(table, fills_change=changed),
        None if table.request_lines else scan(table, fills_change=changed),
        clock=clock_of(time for time, *_ in columns.first_rows(table, head)),
    )


def _shaped(shape: cache_traces.Shape, head: Sequence[str], how: Reading) -> Format:
    if shape.parser:
        return Format(shape.name, shape.parser(), shape.scan)
    return _tabular(shape.name, shape.table, head, how)


def _given_table(
    given: dict[str, str], delimiter: str | None, head: Sequence[str], name: str
) -> columns.Table:
    """Return the table whose columns --columns names, by place or by the header's names.

    Raises:
        LogError: A name is not in the header.
    """
    if columns.is_json(head):
        return columns.Table(dict(given), columns.JSON)
    delimiter = delimiter or columns.delimiter_of(head)
    fields = columns.splitter(delimiter)(head[0])
    names = [field.strip().lstrip("#").strip() for field in fields]
    places: dict[str, int | str] = {}
    for column, place in given.items():
        if re.fullmatch(r"[0-9]{1,9}", place):
            places[column] = int(place) - 1
        elif place in names:
            places[column] = names.index(place)
        else:
            raise LogError(
                f"{name} has no column {place!r}; count columns from 1, or name one of"
                f" {', '.join(names[:10])}"
            )
    # A number where the key's header would be is taken for the first request.
    by_name = any(not place.isdecimal() for place in given.values())
    time = places.get("time")
    untimed = time is not None and len(fields) > int(time) and not _is_time(fields[int(time)])
    return columns.Table(places, delimiter, header=by_name or untimed)


def _is_time(text: str) -> bool:
    try:
        access_log.moment_reader()(text)
    except ValueError:
        return False
    return True


def quote(line: str) -> str:
    """Return the beginning of a line for a message."""
    text = line.strip()
    return repr(text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…")
