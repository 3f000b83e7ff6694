r"""Work out which TTL your own traffic needs, from a log, without any server.

Reads what you have: Redis MONITOR, access logs, MySQL's general and slow logs, memcached's logs,
CSV, TSV and JSON lines, published cache traces; plain, .gz, .zst, .xz or .bz2; "-" is stdin. The
requests are replayed exactly through a cache that starts empty, once for each TTL.

Examples:
  python -m loadtests profile access.log
  python -m loadtests profile access.log.2.gz access.log.1 access.log --key-regex '/product/(\d+)'
  redis-cli monitor | head -n 100000 | python -m loadtests profile -
  python -m loadtests profile requests.csv --columns time=1,key=3 --ttls 5,60,600 --items 10000
  python -m loadtests profile ids.txt --rate 500
"""

import argparse
import json
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn

from loadtests.experiments.commands.flags.log_flags import (
    add_log_flags,
    read_logs,
    require_reads,
    what_was_read,
)
from loadtests.experiments.commands.usage import (
    UsageError,
    Verbs,
    add_output_flags,
    add_verb,
    make_output_folder,
)
from loadtests.experiments.plan.fields import FIELDS, Given, read_value
from loadtests.experiments.profile_report.profile_page import render_profile
from loadtests.experiments.profile_report.profile_table import profile_tables
from loadtests.experiments.report.table import answer_console
from loadtests.output.json_file import write_json
from loadtests.output.passing_bar import passing_bar
from loadtests.output.whole_file import write_whole
from loadtests.profile.curve import Profile
from loadtests.profile.profile_figures import Bounds, profile_of, usual_ttls
from loadtests.request_logs.request_log import RequestLog
from loadtests.workload.flags import Flag

ITEMS = Flag("items", 1, "", 1, 10**12)
VISIBLE = Flag("visible-within-seconds", 1.0, "", 0, 31 * 86_400.0, "seconds")


def add_to(verbs: Verbs) -> None:
    """Declare the verb and its flags."""
    parser = add_verb(verbs, "profile", __doc__, run)
    parser.usage = "python -m loadtests profile FILE… [--ttls SECONDS,…] [options]"
    parser.add_argument(
        "--ttls", metavar="SECONDS,…", help="TTLs to work out (default 1 s up to the log's span)"
    )
    memory = parser.add_argument_group("memory", "Bounds of the cache; without, it is unbounded.")
    memory.add_argument("--items", type=ITEMS.parse, metavar="COUNT", help="Most entries (LRU)")
    memory.add_argument(
        "--bytes", type=ITEMS.parse, metavar="COUNT", help="Most bytes of values (LRU)"
    )
    parser.add_argument(
        "--visible-within-seconds",
        type=VISIBLE.parse,
        default=1.0,
        metavar="SECONDS",
        help="Bound for the share of changes that readers see in time (default 1)",
    )
    add_log_flags(parser)
    add_output_flags(parser, "profile")


def run(options: argparse.Namespace, notes: Console) -> int:
    """Print the profile of the logs; return the exit code."""
    ttls = _ttls(options.ttls)
    folder = make_output_folder(options.output, "profile")
    try:
        loaded = read_logs(options, notes)
        log = loaded.requests
        _check(log, options)
        bounds = Bounds(options.items, options.bytes, options.visible_within_seconds)
        profile = _with_bar(log, ttls or usual_ttls(log.span_seconds), bounds, notes)
    except (UsageError, KeyboardInterrupt, OSError):
        folder.rmdir()  # Nothing is in it yet.
        raise
    write_json(folder / "profile.json", profile.as_object())
    page = folder / "report.html"
    names = [Path(name).name for name in options.files]
    write_whole(page, render_profile(profile, names, what_was_read(loaded)))
    if options.json:
        print(json.dumps(profile.as_object()))  # noqa: T201 - stdout is for the answer
    else:
        answer_console().print(profile_tables(profile))
    notes.print(f"report: {page}")
    return 0


def _ttls(text: str | None) -> tuple[float, ...]:
    """Return the TTLs that were given; none of them is 0, which is no cache."""
    if text is None:
        return ()
    found: tuple[float, ...] = read_value("ttls", FIELDS["ttl_seconds"], Given(text, "--ttls"))
    if 0.0 in found:
        raise UsageError("--ttls: 0 is no cache at all; give TTLs above 0, such as --ttls 1,60")
    return found


def _check(log: RequestLog, options: argparse.Namespace) -> None:
    require_reads(log)
    if log.keys.size < 2:
        raise UsageError("the log holds one request; a profile needs more")
    if options.bytes and not log.sizes.any():
        raise UsageError("--bytes needs sizes, and the log has none; give --items instead")


def _with_bar(log: RequestLog, ttls: tuple[float, ...], bounds: Bounds, notes: Console) -> Profile:
    text = TextColumn("replaying: {task.completed:.0f} of {task.total:.0f} TTLs")
    with passing_bar(notes, text, BarColumn(), TimeElapsedColumn()) as progress:
        task = progress.add_task("replaying", total=len(ttls))
        return profile_of(log, ttls, bounds, lambda count: progress.advance(task, count))
