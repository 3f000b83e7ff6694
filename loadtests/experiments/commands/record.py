"""Take a safe sample of the traffic of a running Redis, for `profile`.

A share of the keys is kept, chosen by a hash, with all of their requests. Names are replaced by
keyed hashes; the secret stays in a file of yours; no value is ever written. The sample ends after
some seconds or at a size. MONITOR costs the server work for every command, up to half of its
speed, so watch a busy one for a short time; a replica shows only what clients ask it itself.

Examples:
  python -m loadtests record --redis-url redis://127.0.0.1:6379/0 --seconds 60 sample.csv
  python -m loadtests profile sample.csv
"""

import argparse
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from loadtests.experiments.commands.usage import UsageError, Verbs, add_verb
from loadtests.request_logs.formats import redis_monitor
from loadtests.request_logs.monitor_stream import MonitoredRedis
from loadtests.request_logs.sample import HEADER, Sample, Sampler, owned_secret, rows
from loadtests.request_logs.source import LogError
from loadtests.workload.flags import Flag

KEEP = Flag("keep", 0.1, "", 0.0001, 1)
SECONDS = Flag("seconds", 60.0, "", 1, 3600, "seconds")
MEGABYTES = Flag("most-mb", 100.0, "", 0.001, 100_000, "MB")
BUSY = 20_000
"""Commands per second above which MONITOR may halve a server."""


def add_to(verbs: Verbs) -> None:
    """Declare the verb and its flags."""
    parser = add_verb(verbs, "record", __doc__, run)
    parser.add_argument("sample", metavar="FILE", type=Path, help="New file for the sample")
    parser.add_argument("--redis-url", metavar="URL", required=True, help="redis://HOST:PORT/0")
    parser.add_argument(
        "--keep", type=KEEP.parse, default=0.1, metavar="SHARE", help="Of the keys (default 0.1)"
    )
    parser.add_argument(
        "--seconds", type=SECONDS.parse, default=60.0, metavar="SECONDS", help="(default 60)"
    )
    parser.add_argument(
        "--most-mb", type=MEGABYTES.parse, default=100.0, metavar="MB", help="(default 100)"
    )
    parser.add_argument(
        "--secret",
        type=Path,
        default=Path("cacheaside-secret"),
        metavar="FILE",
        help="Of the names; made if it is not there (default ./cacheaside-secret)",
    )
    parser.add_argument(
        "--although-busy", action="store_true", help=f"Watch a server of over {BUSY} commands/s"
    )


def run(options: argparse.Namespace, notes: Console) -> int:
    """Record a sample; return the exit code.

    Raises:
        UsageError: The file exists, or Redis cannot be watched.
    """
    if options.sample.exists():
        raise UsageError(f"{options.sample} is there already; name a new file")
    try:
        with closing(MonitoredRedis(options.redis_url)) as server:
            _warn(server, options, notes)
            _record(server, options, notes)
    except LogError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(
            f"{options.sample} cannot be written: {error.strerror}; name a new file in a folder of"
            " yours"
        ) from None
    return 0


def _warn(server: MonitoredRedis, options: argparse.Namespace, notes: Console) -> None:
    busy = server.commands_per_second()
    notes.print(
        f"MONITOR costs work for every command, and this server runs {busy:,} per second;"
        f" watching it for {options.seconds:g} s, Ctrl-C ends it"
    )
    replicas = server.replicas()
    if replicas:
        notes.print(f"clients that read from a replica are seen there: {', '.join(replicas)}")
    if busy > BUSY and not options.although_busy:
        raise UsageError(
            f"the server runs {busy:,} commands per second, and MONITOR could halve it; name a"
            " replica that clients read from, or accept it by --although-busy"
        )


def _record(server: MonitoredRedis, options: argparse.Namespace, notes: Console) -> None:
    sampler = Sampler(owned_secret(options.secret), options.keep)
    size, failure = 0, None
    reads = _Reads(server)
    with options.sample.open("x", encoding="utf-8") as file, _clock(options.seconds, notes):
        file.write(HEADER)
        try:
            for row in rows(sampler, reads.counted(_requests(server, options.seconds))):
                file.write(row)
                size += len(row)
                if size > options.most_mb * 1e6:
                    notes.print(f"ended at {options.most_mb:g} MB; see --most-mb")
                    break
        except LogError as error:
            if not size:  # The next try may take the same name.
                options.sample.unlink()
                raise
            failure = error
        except KeyboardInterrupt:
            notes.print("ended by Ctrl-C; what was recorded is kept")
        count = reads.count()
        file.write(Sample(options.keep, count).line())
    notes.print(f"{count:,} reads, of which a sample is in {options.sample} ({size / 1e6:.1f} MB)")
    notes.print(f"the secret of its names is in {options.secret}; keep it to yourself")
    if failure:
        raise LogError(f"{failure}; what was recorded until then is in {options.sample}")


class _Reads:
    """Counts the reads of all keys: by INFO, or by MONITOR where INFO counts fewer or fails.

    Args:
        server: What is asked.
    """

    def __init__(self, server: MonitoredRedis) -> None:
        self._server = server
        self._before = server.reads()
        self._watched = 0

    def counted(
        self, requests: Iterator[tuple[float, str, bool]]
    ) -> Iterator[tuple[float, str, bool]]:
        """Yield *requests*, counted."""
        for request in requests:
            self._watched += not request[2]
            yield request

    def count(self) -> int:
        """Return the reads since this object was made."""
        try:
            return max(self._server.reads() - self._before, self._watched)
        except LogError:
            return self._watched


def _clock(seconds: float, notes: Console) -> Progress:
    """Return what shows that time passes."""
    clock = Progress(
        SpinnerColumn(),
        TextColumn(f"recording for {seconds:g} s:"),
        TimeElapsedColumn(),
        console=notes,
        transient=True,
        disable=not notes.is_terminal,
    )
    clock.add_task("recording", total=None)
    return clock


def _requests(server: MonitoredRedis, seconds: float) -> Iterator[tuple[float, str, bool]]:
    parse = redis_monitor.parser(fills_change=False)
    for line in server.lines(seconds):
        found = parse(line)
        if not isinstance(found, str):
            yield from ((time, key, change) for time, key, change, _ in found)
