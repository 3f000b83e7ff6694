"""Records a sample of the traffic of a running Redis."""

import argparse
from collections.abc import Iterator
from contextlib import closing

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from loadtests.experiments.commands.recording.sample_file import FEW_KEYS, SampleFile
from loadtests.experiments.commands.usage import UsageError
from loadtests.output.passing_bar import passing_bar
from loadtests.request_logs.formats import redis_monitor
from loadtests.request_logs.samples.monitor_stream import MonitoredRedis
from loadtests.request_logs.samples.sample import Sample, Sampler, owned_secret, rows
from loadtests.request_logs.source import LogError

BUSY = 20_000
"""Commands per second above which MONITOR may halve a server."""


def record_redis(options: argparse.Namespace, file: SampleFile, notes: Console) -> None:
    """Record into *file* what a Redis is asked for some seconds.

    Raises:
        LogError: Redis cannot be watched, or not to the end.
        UsageError: It is busy, or a sample of it would tell nothing.
    """
    with closing(MonitoredRedis(options.redis_url)) as server:
        _warn(server, options, notes)
        sampler = Sampler(owned_secret(options.secret), options.keep)
        _record(server, options, sampler, file, notes)


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


def _record(
    server: MonitoredRedis,
    options: argparse.Namespace,
    sampler: Sampler,
    file: SampleFile,
    notes: Console,
) -> None:
    failure = None
    reads = _Reads(server)
    names: set[str] = set()
    with _clock(options.seconds, notes):
        try:
            for row in rows(sampler, reads.counted(server.lines(options.seconds))):
                if len(names) < FEW_KEYS:
                    names.add(row.split(",")[1])
                if not file.add(row):
                    notes.print(f"ended at {options.most_mb:g} MB; see --most-mb")
                    break
        except LogError as error:
            if not file.requests:  # The next try may take the same name.
                raise
            failure = error
        except KeyboardInterrupt:
            notes.print("ended by Ctrl-C; what was recorded is kept")
    count = reads.count()
    _check(file, count, server.database, reads.elsewhere)
    if len(names) < FEW_KEYS:
        notes.print(
            f"keys chosen: {len(names)}; the profile of so few will be vague: watch for longer,"
            " or see --keep"
        )
    if reads.elsewhere:
        notes.print(
            f"{reads.elsewhere:,} reads of other databases of this server are left out; the URL"
            f" names database {server.database}"
        )
    file.end(Sample(options.keep, count))
    if failure:
        raise LogError(f"{failure}; what was recorded until then is in {file.path}")


def _check(file: SampleFile, reads: int, database: int, elsewhere: int) -> None:
    """Raise UsageError if there is nothing to profile."""
    if file.requests >= 2:
        return
    if reads:
        raise UsageError(
            f"reads seen: {reads:,}; requests for the keys that were chosen: {file.requests}, which"
            " tells nothing; keep more, such as --keep 1, or watch for longer"
        )
    others = f", and {elsewhere:,} in other databases" if elsewhere else ""
    raise UsageError(
        f"nobody read a key of database {database} meanwhile{others}; watch for longer by"
        " --seconds, or name another database, such as redis://127.0.0.1:6379/1"
    )


class _Reads:
    """Counts the reads of all keys: by INFO, or by MONITOR where INFO counts fewer or fails.

    Args:
        server: What is asked.

    Attributes:
        elsewhere: Reads that were seen in other databases of the server, which are left out.
    """

    def __init__(self, server: MonitoredRedis) -> None:
        self._server = server
        self._before = server.reads()
        self._watched = 0
        self.elsewhere = 0

    def counted(self, lines: Iterator[str]) -> Iterator[tuple[float, str, bool]]:
        """Yield the requests in MONITOR's lines, counted: time, key, and whether it is a change."""
        parse = redis_monitor.parser(fills_change=False)
        for line in lines:
            found = parse(line)
            if isinstance(found, str):
                continue
            reads = sum(not change for _, _, change, _ in found)
            if redis_monitor.database_of(line) == self._server.database:
                self._watched += reads
                yield from ((time, key, change) for time, key, change, _ in found)
            else:  # Its keys are others, though they may have the same names.
                self.elsewhere += reads

    def count(self) -> int:
        """Return the reads of this database since this object was made."""
        try:
            counted = self._server.reads() - self._before - self.elsewhere
        except LogError:
            return self._watched
        return max(counted, self._watched)


def _clock(seconds: float, notes: Console) -> Progress:
    """Return what shows that time passes."""
    text = TextColumn(f"recording for {seconds:g} s:")
    clock = passing_bar(notes, SpinnerColumn(), text, TimeElapsedColumn())
    clock.add_task("recording", total=None)
    return clock
