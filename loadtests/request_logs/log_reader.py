"""Reads one log into columns, line by line or in binary rows."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice, starmap
from typing import TypeVar

from loadtests.request_logs.block_reader import BlockReader
from loadtests.request_logs.clock import NUMBERS
from loadtests.request_logs.formats import oracle_general
from loadtests.request_logs.line_reader import LineReader
from loadtests.request_logs.logged_keys import KeyReader
from loadtests.request_logs.recognition import (
    ORACLE_GENERAL,
    WAY_OUT,
    Format,
    Reading,
    quote,
    recognise,
)
from loadtests.request_logs.request_log import OTHER_KEYS, RequestLogWriter
from loadtests.request_logs.request_rows import RequestRows, rows_of
from loadtests.request_logs.source import DAMAGED, LogError, Source, damaged, lines_of

Piece = TypeVar("Piece")
OnLines = Callable[[int, int], None]
NO_ROWS = "no binary file of oracleGeneral (rows of 24 bytes); leave out --format to recognise it"
_LINES_AT_A_TIME = (
    1_000  # Of more, the garbage collector would look at each request again and again.
)


def read_log(name: str, how: Reading, writer: RequestLogWriter, on_lines: OnLines) -> str:
    """Read one file into *writer*; return the name of its format.

    Args:
        name: Path, or "-" for stdin.
        how: How it is to be read.
        writer: Takes the requests.
        on_lines: Called from time to time with the numbers of lines and of bytes read since.

    Raises:
        LogError: It cannot be read, or no line of it gives a request.
    """
    with Source(name) as source:
        if how.format_name == ORACLE_GENERAL or _is_binary(source, how):
            return _read_binary(source, writer, on_lines)
        found = recognise(source, how)
        writer.clocks.add(found.clock)
        _read_lines(source, found, how, writer, on_lines)
    return found.name


def _is_binary(source: Source, how: Reading) -> bool:
    return not (how.format_name or how.columns or how.line_regex) and oracle_general.recognises(
        source.head
    )


def _read_binary(source: Source, writer: RequestLogWriter, on_lines: OnLines) -> str:
    before, rest = writer.count, 0
    writer.clocks.add(NUMBERS)
    if b"\x00" not in source.head:
        raise LogError(f"{source.name} is {NO_ROWS}")
    for rows, left in _whole(source, oracle_general.read(source.stream())):
        writer.add_columns(rows["time"], rows["id"], rows["size"])
        on_lines(rows.size, source.bytes_since())
        rest = left
    if rest:
        writer.dropped["a row that ends too early"] += 1
    if writer.count == before:
        raise LogError(f"{source.name} is {NO_ROWS}")
    return ORACLE_GENERAL


def _whole(source: Source, pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Yield what is read of a log.

    Raises:
        LogError: It is damaged.
    """
    try:
        yield from pieces
    except DAMAGED as error:
        raise damaged(source.name, error) from None


def _read_lines(
    source: Source,
    found: Format,
    how: Reading,
    writer: RequestLogWriter,
    on_lines: OnLines,
) -> None:
    keys = KeyReader(writer.keys, how.key_regex, how.class_regex)
    lines = LineReader(found.parse, keys.has_key, writer)
    before = writer.count
    for rows, count in _rows(source, found, lines, writer):
        writer.add(rows, keys)
        on_lines(count, source.bytes_since())
    first_bad = ""
    if lines.first_bad:
        number, line = lines.first_bad
        first_bad = f"line {number}: {quote(line)} is not understood as {found.name}"
    if writer.count == before:
        raise _no_request(source.name, first_bad, writer)
    if first_bad:
        writer.first_bad.append(f"{source.name}, {first_bad}")


def _rows(
    source: Source, found: Format, lines: LineReader, writer: RequestLogWriter
) -> Iterator[tuple[RequestRows, int]]:
    """Yield the requests of some lines at a time, and how many lines those were."""
    blocks = _whole(source, source.blocks())
    first = list(islice(blocks, 2))
    blocks = chain(first, blocks)
    if found.scan and len(first) > 1:  # To compile a scan takes longer than to read a block.
        scanning, before = BlockReader(found.scan, lines, writer), 0
        for block in blocks:
            rows, count = scanning.read(block, before)
            yield rows, count
            before += count
    else:
        numbered = enumerate(found.join(chain.from_iterable(map(lines_of, blocks))), start=1)
        while some := list(islice(numbered, _LINES_AT_A_TIME)):
            requests = chain.from_iterable(starmap(lines.read, some))
            yield rows_of(list(requests)), len(some)


def _no_request(name: str, first_bad: str, writer: RequestLogWriter) -> LogError:
    """Return what to say of a log that gave no request."""
    reasons = ", ".join(writer.dropped)
    if first_bad:
        return LogError(f"{name}, {first_bad}; {WAY_OUT}")
    if OTHER_KEYS in writer.dropped:
        return LogError(f"{name}: --key-regex finds no key in what its requests ask for; change it")
    if reasons:
        return LogError(f"{name}, no request among its lines ({reasons}); {WAY_OUT}")
    return LogError(f"{name} has no line with a request; name a log that has")
