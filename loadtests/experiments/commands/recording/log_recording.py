"""Records a sample of logs."""

import argparse
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn

from loadtests.experiments.commands.flags.log_flags import read_logs, require_reads
from loadtests.experiments.commands.recording.sample_file import FEW_KEYS, SampleFile
from loadtests.experiments.commands.usage import UsageError
from loadtests.output.passing_bar import passing_bar
from loadtests.request_logs.request_log import RequestLog
from loadtests.request_logs.samples.log_sample import LogSample
from loadtests.request_logs.samples.sample import Sample, Sampler, owned_secret
from loadtests.request_logs.samples.sampled_keys import SampledKeys

_ROWS_AT_A_TIME = 10_000


def record_logs(options: argparse.Namespace, file: SampleFile, notes: Console) -> None:
    """Record into *file* the requests for some of the keys of logs.

    Raises:
        LogError: The secret cannot be read or made.
        UsageError: A log cannot be read, or a sample of it would tell nothing.
    """
    sampler = Sampler(owned_secret(options.secret), options.keep)
    keys = SampledKeys(sampler, options.most_mb * 1e6)
    with _first_interrupt_ends(keys, notes):
        log = read_logs(options, notes, keys).requests
    sample = LogSample(log, keys, classed=options.class_regex is not None)
    _check(log, keys, sample)
    whole = _write(sample, file, notes)
    if not whole:
        notes.print(f"ended at {options.most_mb:g} MB; see --most-mb")
    elif keys.ended:
        notes.print("ended by Ctrl-C; what was read until then is kept")
    if len(keys.names) < FEW_KEYS:
        notes.print(
            f"only {len(keys.names)} of {log.key_count:,} keys were chosen, so the profile of this"
            " sample will be vague; see --keep"
        )
    if options.class_regex:
        notes.print(f"classes that stand readable in it: {', '.join(log.class_names)}")
    file.end(Sample(options.keep, sample.reads_until(file.requests)))


def _check(log: RequestLog, keys: SampledKeys, sample: LogSample) -> None:
    if log.sample:
        raise UsageError("the log is a sample already; name the log that it was taken from")
    require_reads(log)
    if sample.requests < 2:
        raise UsageError(
            f"{len(keys.names)} of the log's {log.key_count:,} keys were chosen, with"
            f" {sample.requests} requests; keep more, such as --keep 1"
        )


def _write(sample: LogSample, file: SampleFile, notes: Console) -> bool:
    """Write rows until the file is full; return whether all of them were written."""
    text = TextColumn("writing: {task.completed:,.0f} of {task.total:,.0f} requests")
    with passing_bar(notes, text, BarColumn(), TimeElapsedColumn()) as progress:
        task = progress.add_task("writing", total=sample.requests)
        for row in sample.rows():
            if not file.add(row):
                break
            if file.requests % _ROWS_AT_A_TIME == 0:
                progress.update(task, completed=file.requests)
    return file.requests == sample.requests


@contextmanager
def _first_interrupt_ends(keys: SampledKeys, notes: Console) -> Iterator[None]:
    """Let the first Ctrl-C end the reading.

    It reaches the program whose output is read too, so that a read which waits for it comes back.
    """
    before = signal.getsignal(signal.SIGINT)

    def end(_number: int, _frame: FrameType | None) -> None:
        keys.ended = True
        signal.signal(signal.SIGINT, before)
        notes.print("ending; Ctrl-C again gives up")

    signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
