"""Reads one log into columns, line by line or in binary rows."""

import re
from collections.abc import Callable, Iterator, Sequence

from loadtests.request_logs.formats import oracle_general
from loadtests.request_logs.formats.request import (
    UNREADABLE,
    LineParser,
    Request,
    key_filter,
)
from loadtests.request_logs.recognition import (
    ORACLE_GENERAL,
    WAY_OUT,
    Format,
    Reading,
    quote,
    recognise,
)
from loadtests.request_logs.request_log import RequestLogWriter
from loadtests.request_logs.sample import sample_of
from loadtests.request_logs.source import DAMAGED, LogError, Source, reason

OTHER_KEYS = "keys that --key-regex does not match"
OUT_OF_RANGE = "requests with a time or size out of range"
MOST_TIME = 1e19  # Nanoseconds since 1970 have 19 digits.
MOST_BYTES = 2**40
NOT_PARSED = (ValueError, OverflowError, RecursionError)
"""What a line raises that looks like one of its format but has impossible values."""
_LINES_BETWEEN_SIGNS = 50_000


def read_log(
    name: str, how: Reading, writer: RequestLogWriter, on_lines: Callable[[int], None]
) -> str:
    """Read one file into *writer*; return the name of its format.

    Args:
        name: Path, or "-" for stdin.
        how: How it is to be read.
        writer: Takes the requests.
        on_lines: Called from time to time with the number of lines read since.

    Raises:
        LogError: It cannot be read, or no line of it gives a request.
    """
    with Source(name) as source:
        if how.format_name == ORACLE_GENERAL or _is_binary(source, how):
            return _read_binary(source, writer)
        found = recognise(source, how)
        _read_lines(source, found, how, writer, on_lines)
    return found.name


def _is_binary(source: Source, how: Reading) -> bool:
    return not (how.format_name or how.columns or how.line_regex) and oracle_general.recognises(
        source.head
    )


def _read_binary(source: Source, writer: RequestLogWriter) -> str:
    before = writer.count
    try:
        rest = oracle_general.read(source.stream(), writer)
    except DAMAGED as error:
        raise LogError(f"{source.name} is damaged: {reason(error)}") from None
    if rest:
        writer.dropped["a row that ends too early"] += 1
    if writer.count == before:
        raise LogError(f"{source.name} holds no row of oracleGeneral (24 bytes each)")
    return ORACLE_GENERAL


def _read_lines(
    source: Source,
    found: Format,
    how: Reading,
    writer: RequestLogWriter,
    on_lines: Callable[[int], None],
) -> None:
    key_of, class_of = key_filter(how.key_regex), _class_of(how.class_regex)
    first_bad = ""
    requests = 0
    parse, add, dropped = _safe(found.parse), writer.add, writer.dropped
    for number, line in enumerate(_lines(source, found), start=1):
        if number % _LINES_BETWEEN_SIGNS == 0:
            on_lines(_LINES_BETWEEN_SIGNS)
        parsed = parse(line)
        if isinstance(parsed, str):
            _count(parsed, line, writer)
            if parsed == UNREADABLE and not first_bad:
                first_bad = f"line {number}: {quote(line)} is not understood as {found.name}"
            continue
        for time, text, change, size in parsed:
            key = key_of(text)
            if key is None or abs(time) > MOST_TIME or size > MOST_BYTES:
                dropped[OTHER_KEYS if key is None else OUT_OF_RANGE] += 1
                continue
            add(time, key, change, size, class_of(key))
            requests += 1
    if not requests:
        why = first_bad or f"no request among its lines ({', '.join(dropped) or 'all empty'})"
        raise LogError(f"{source.name}, {why}; {WAY_OUT}")
    if first_bad:
        writer.first_bad.append(f"{source.name}, {first_bad}")


def _safe(parse: LineParser) -> LineParser:
    def parse_safely(line: str) -> Sequence[Request] | str:
        try:
            return parse(line)
        except NOT_PARSED:
            return UNREADABLE

    return parse_safely


def _count(reason_: str, line: str, writer: RequestLogWriter) -> None:
    """Count a line without requests; the last line of a sample says what it is a sample of."""
    if reason_:
        writer.dropped[reason_] += 1
    elif line.startswith("#") and (sample := sample_of(line)):
        writer.samples.append(sample)


def _lines(source: Source, found: Format) -> Iterator[str]:
    try:
        yield from found.join(source.lines())
    except DAMAGED as error:
        raise LogError(
            f"{source.name} is damaged: {reason(error)}; unpack it as far as it goes and name the"
            " plain file"
        ) from None


def _class_of(pattern: re.Pattern[str] | None) -> Callable[[str], str]:
    if pattern is None:
        return _usual_class
    take = key_filter(pattern)
    return lambda key: take(key) or ""


def _usual_class(key: str) -> str:
    """Return what stands before the first colon, or the first folder of a path; else nothing."""
    if key.startswith("/"):
        folder, slash, _ = key[1:].partition("/")
        return folder if slash else ""
    name, colon, _ = key.partition(":")
    return name if colon and "/" not in name else ""
