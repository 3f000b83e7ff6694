"""The flags of every verb that reads logs: which files, in which format, when requests come."""

import argparse
import os
import re
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn

from loadtests.experiments.commands.usage import UsageError
from loadtests.output.passing_bar import passing_bar
from loadtests.request_logs.clock import UNITS
from loadtests.request_logs.formats.columns import COLUMNS
from loadtests.request_logs.loading import LoadedLog, Timing, load_logs
from loadtests.request_logs.recognition import FORMATS, Reading
from loadtests.request_logs.request_log import RequestLog
from loadtests.request_logs.samples.sampled_keys import SampledKeys
from loadtests.request_logs.source import STDIN, LogError
from loadtests.traffic.arrivals import ARRIVALS
from loadtests.workload.flags import Flag

RATE = Flag("rate", 500.0, "", 1e-6, 1e9, "per second")
ARRIVALS_OF_RATE = "paced"
SEED = Flag("seed", 1, "", 0, 2**31 - 1)


def add_log_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the files and how they are read."""
    parser.add_argument("files", metavar="FILE", nargs="+", help='Log, or "-" for stdin')
    add_reading_flags(parser)


def add_reading_flags(parser: argparse.ArgumentParser) -> None:
    """Declare how files are read."""
    how = parser.add_argument_group("format", "Recognised from the first lines unless given.")
    how.add_argument(
        "--format", choices=FORMATS, metavar="NAME", help=f"One of {', '.join(FORMATS)}"
    )
    how.add_argument(
        "--columns",
        type=_columns,
        metavar="COLUMN=PLACE,…",
        help="Columns of a table by number or name, such as time=1,key=2,op=3,size=4",
    )
    how.add_argument("--delimiter", type=_delimiter, metavar="TEXT", help="Sets the columns apart")
    how.add_argument(
        "--line-regex",
        type=_line_regex,
        metavar="REGEX",
        help="Finds the named groups key, and time, op and size, in a line",
    )
    how.add_argument(
        "--key-regex",
        type=_regex,
        metavar="REGEX",
        help="Takes the key out of a path or column: its first group; other requests are dropped",
    )
    how.add_argument(
        "--class-regex",
        type=_regex,
        metavar="REGEX",
        help="Takes the class out of a key (default: before a colon, or the first folder)",
    )
    how.add_argument(
        "--sets-change",
        action="store_true",
        help="Take a SET for a change of the data, not for the fill after a miss",
    )
    when = parser.add_argument_group("times")
    when.add_argument(
        "--time-unit",
        choices=list(UNITS),
        help="Unit of the log's times (default recognised from their size)",
    )
    when.add_argument(
        "--rate", type=RATE.parse, metavar="PER_SECOND", help="Make the times: requests per second"
    )
    when.add_argument(
        "--arrivals",
        choices=list(ARRIVALS),
        default=ARRIVALS_OF_RATE,
        help=f"With --rate (default {ARRIVALS_OF_RATE})",
    )
    when.add_argument(
        "--seed", type=SEED.parse, default=1, metavar="NUMBER", help="Of Poisson arrivals"
    )


def reading_flags_given(options: argparse.Namespace) -> list[str]:
    """Return the flags that say how files are read and were given."""
    values = {
        "--format": options.format,
        "--columns": options.columns,
        "--delimiter": options.delimiter,
        "--line-regex": options.line_regex,
        "--key-regex": options.key_regex,
        "--class-regex": options.class_regex,
        "--sets-change": options.sets_change,
        "--time-unit": options.time_unit,
        "--rate": options.rate,
        "--arrivals": options.arrivals != ARRIVALS_OF_RATE,
        "--seed": options.seed != SEED.default,
    }
    return [flag for flag, value in values.items() if value]


def read_logs(
    options: argparse.Namespace, notes: Console, sampled: SampledKeys | None = None
) -> LoadedLog:
    """Read the files that the flags name, and say what was read, dropped and assumed.

    Args:
        options: All flags of the verb.
        notes: Where it is said.
        sampled: Takes in the keys, and may end the reading; None for no sample.

    Raises:
        UsageError: One of them cannot be read or understood, or flags contradict each other.
    """
    _check(options)
    how = Reading(
        format_name=options.format,
        columns=options.columns,
        delimiter=options.delimiter,
        line_regex=options.line_regex,
        key_regex=options.key_regex,
        class_regex=options.class_regex,
        fills_change=options.sets_change,
    )
    timing = Timing(options.time_unit, options.rate, options.arrivals, options.seed)
    lines = 0
    text = TextColumn("reading: {task.fields[lines]:,} lines")
    with passing_bar(notes, SpinnerColumn(), text, BarColumn(), TimeElapsedColumn()) as progress:
        task = progress.add_task("reading", total=_size_of(options.files), lines=0)

        def advance(count: int, size: int) -> None:
            nonlocal lines
            lines += count
            progress.update(task, advance=size, lines=lines)

        try:
            loaded = load_logs(options.files, how, timing, advance, sampled)
        except LogError as error:
            raise UsageError(str(error)) from None
    for line in what_was_read(loaded):
        notes.print(line)
    return loaded


def require_reads(log: RequestLog) -> None:
    """Refuse a log without a read, of which no hit ratio can be told.

    Raises:
        UsageError: Every request of it is a change.
    """
    if log.changes.all():
        raise UsageError("the log holds changes alone and no read; name one that has the reads too")


def _size_of(names: list[str]) -> int | None:
    """Return the bytes of files; None if one of them is a pipe, stdin or not there."""
    paths = [Path(name) for name in names]
    if STDIN in names or not all(path.is_file() for path in paths):
        return None
    return sum(path.stat().st_size for path in paths)


def _check(options: argparse.Namespace) -> None:
    """Refuse flags that contradict each other, or that would change nothing."""
    given = [
        flag
        for flag, value in (
            ("--line-regex", options.line_regex),
            ("--columns", options.columns),
            ("--format", options.format),
        )
        if value
    ]
    if len(given) > 1:
        raise UsageError(f"{given[0]} and {given[1]} both say how lines are read; give one of them")
    if options.delimiter and not options.columns:
        raise UsageError("--delimiter needs --columns, such as --columns time=1,key=2")
    if options.arrivals != ARRIVALS_OF_RATE and not options.rate:
        raise UsageError(f"--arrivals {options.arrivals} needs a --rate, such as --rate 500")
    seen: set[str] = set()
    for name in options.files:
        place = name if name == STDIN else os.path.realpath(name)
        if place in seen:
            raise UsageError(f"{name} is named twice; name it once")
        seen.add(place)


def what_was_read(loaded: LoadedLog) -> list[str]:
    """Return in lines what was read, dropped and assumed."""
    log = loaded.requests
    formats = ", ".join(dict.fromkeys(loaded.formats))
    return [
        f"read: {log.keys.size:,} requests for {log.key_count:,} keys"
        + (f" ({formats})" if formats else ""),
        *(f"dropped: {count:,} {reason}" for reason, count in log.dropped.most_common()),
        *loaded.first_bad,
        *loaded.notes,
    ]


def _regex(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a regex: {error}") from None


def _line_regex(text: str) -> re.Pattern[str]:
    pattern = _regex(text)
    if "key" not in pattern.groupindex or not set(pattern.groupindex) <= set(COLUMNS):
        raise argparse.ArgumentTypeError(
            f"{text!r} must have the group (?P<key>…), and may have time, op and size"
        )
    return pattern


def _columns(text: str) -> dict[str, str]:
    pairs = [part.partition("=")[::2] for part in text.split(",")]
    columns = {name.strip(): place.strip() for name, place in pairs}
    named = len(columns) == len(pairs) and set(columns) <= set(COLUMNS)
    if "key" not in columns or not named or not all(columns.values()):
        raise argparse.ArgumentTypeError(
            f"{text!r} must name the place of key, and may name time, op and size, each once;"
            " such as time=1,key=2"
        )
    if any(place.isdecimal() and not place.strip("0") for place in columns.values()):
        raise argparse.ArgumentTypeError(f"{text!r}: columns are counted from 1")
    return columns


def _delimiter(text: str) -> str:
    text = text.replace("\\t", "\t")
    if len(text) != 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be one character, such as ';' or '\\t'")
    return text
