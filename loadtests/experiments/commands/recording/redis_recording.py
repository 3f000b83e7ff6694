"""Records a sample of the traffic of a running Redis."""

import argparse
from collections.abc import Iterator
from contextlib import closing

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from loadtests.experiments.commands.recording.sample_file import SampleFile
from loadtests.experiments.commands.usage import UsageError
from loadtests.output.passing_bar import passing_bar
from loadtests.request_logs.formats import redis_monitor
from loadtests.request_logs.samples.monitor_stream import MonitoredRedis
from loadtests.request_logs.samples.sample import Sample, Sampler, rows
from loadtests.request_logs.source import LogError

BUSY = 20_000
"""Commands per second above which MONITOR may halve a server."""


def record_redis(
    options: argparse.Namespace, sampler: Sampler, file: SampleFile, notes: Console
) -> None:
    """Record into *file* what a Redis is asked for some seconds.

    Raises:
        LogError: Redis cannot be watched, or not to the end.
        UsageError: It is busy.
    """
    with closing(MonitoredRedis(options.redis_url)) as server:
        _warn(server, options, notes)
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
    with _clock(options.seconds, notes):
        try:
            for row in rows(sampler, reads.counted(_requests(server, options.seconds))):
                if not file.add(row):
                    notes.print(f"ended at {options.most_mb:g} MB; see --most-mb")
                    break
        except LogError as error:
            if not file.requests:  # The next try may take the same name.
                raise
            failure = error
        except KeyboardInterrupt:
            notes.print("ended by Ctrl-C; what was recorded is kept")
    file.end(Sample(options.keep, reads.count()))
    if failure:
        raise LogError(f"{failure}; what was recorded until then is in {file.path}")


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
    text = TextColumn(f"recording for {seconds:g} s:")
    clock = passing_bar(notes, SpinnerColumn(), text, TimeElapsedColumn())
    clock.add_task("recording", total=None)
    return clock


def _requests(server: MonitoredRedis, seconds: float) -> Iterator[tuple[float, str, bool]]:
    parse = redis_monitor.parser(fills_change=False)
    for line in server.lines(seconds):
        found = parse(line)
        if not isinstance(found, str):
            yield from ((time, key, change) for time, key, change, _ in found)
