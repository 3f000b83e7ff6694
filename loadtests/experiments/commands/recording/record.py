r"""Take a safe sample of a log, or of the traffic of a running Redis, for `profile`.

A share of the keys is kept, chosen by a hash, with all of their requests. Names are replaced by
keyed hashes; the secret stays in a file of yours; no value is ever written. The sample ends at a
size, and says how many reads there were of all keys, by which `profile` judges its misses.

A log is read as `profile` reads it, in the same formats and by the same flags; "-" is stdin. Times
count from its first request. Classes that --class-regex takes stay readable, before the names;
without it, nothing of a key does.
A Redis is watched for some seconds by MONITOR, which costs the server work for every command, up to
half of its speed, so watch a busy one for a short time; a replica shows only what clients ask it
itself.

Examples:
  python -m loadtests record access.log --keep 0.1 --output sample.csv
  python -m loadtests record access.log.2.gz access.log.1 access.log --key-regex '/product/(\d+)'
  tail -f access.log | python -m loadtests record -
  python -m loadtests record --redis-url redis://127.0.0.1:6379/0 --seconds 60 --output sample.csv
  python -m loadtests profile sample.csv
"""

import argparse
import json
from pathlib import Path

from rich.console import Console

from loadtests.experiments.commands.flags.log_flags import add_reading_flags, reading_flags_given
from loadtests.experiments.commands.recording.log_recording import record_logs
from loadtests.experiments.commands.recording.redis_recording import BUSY, record_redis
from loadtests.experiments.commands.recording.sample_file import SampleFile
from loadtests.experiments.commands.usage import UsageError, Verbs, add_verb
from loadtests.request_logs.samples.sample import Sample
from loadtests.request_logs.source import LogError
from loadtests.workload.flags import Flag

SAMPLE = Path("sample.csv")
KEEP = Flag("keep", 0.1, "", 0.0001, 1)
SECONDS = Flag("seconds", 60.0, "", 1, 3600, "seconds")
MEGABYTES = Flag("most-mb", 100.0, "", 0.001, 100_000, "MB")


def add_to(verbs: Verbs) -> None:
    """Declare the verb and its flags."""
    parser = add_verb(verbs, "record", __doc__, run)
    parser.usage = "python -m loadtests record (FILE… | --redis-url URL) [--keep SHARE] [options]"
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        help='Log, or "-" for stdin; beside --redis-url, same as --output',
    )
    parser.add_argument(
        "--output",
        type=_new_file,
        metavar="FILE",
        help=f"New file for the sample (default {SAMPLE})",
    )
    parser.add_argument(
        "--keep", type=KEEP.parse, default=0.1, metavar="SHARE", help="Of the keys (default 0.1)"
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
    parser.add_argument("--json", action="store_true", help="Print what was recorded as JSON")
    server = parser.add_argument_group("redis", "In place of a log.")
    server.add_argument("--redis-url", metavar="URL", help="redis://HOST:PORT/0")
    server.add_argument(
        "--seconds", type=SECONDS.parse, metavar="SECONDS", help="Watch for so long (default 60)"
    )
    server.add_argument(
        "--although-busy", action="store_true", help=f"Watch a server of over {BUSY} commands/s"
    )
    add_reading_flags(parser)


def run(options: argparse.Namespace, notes: Console) -> int:
    """Record a sample; return the exit code.

    Raises:
        UsageError: The file exists, or what is to be recorded cannot be read.
    """
    path = _output(options)
    _check(options)
    options.seconds = options.seconds or SECONDS.default
    record = record_logs if options.redis_url is None else record_redis
    file = SampleFile(path, options.most_mb * 1e6)
    try:
        with file:
            record(options, file, notes)
    except LogError as error:
        raise UsageError(str(error)) from None
    finally:
        if file.sample:
            _tell(file, file.sample, options, notes)
    return 0


def _new_file(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("must name a new file; leave it out or name one")
    return Path(text)


def _output(options: argparse.Namespace) -> Path:
    """Return where the sample goes; beside a Redis the one file that is named is the sample's."""
    if options.redis_url is not None and len(options.files) == 1 and options.output is None:
        return Path(options.files.pop())
    path: Path = options.output or SAMPLE
    return path


def _check(options: argparse.Namespace) -> None:
    """Refuse flags that contradict each other, or that would change nothing.

    Raises:
        UsageError: There are some, or nothing is named to record.
    """
    if options.redis_url is None:
        if not options.files:
            raise UsageError('name a log, "-" for stdin, or a Redis by --redis-url')
        if options.seconds or options.although_busy:
            flag = "--seconds" if options.seconds else "--although-busy"
            raise UsageError(f"{flag} is for --redis-url; leave it out for a log")
        return
    if options.files:
        raise UsageError(
            f"--redis-url and {options.files[0]} both say what to record; give one of them"
        )
    if given := reading_flags_given(options):
        raise UsageError(f"{given[0]} is for logs; leave it out beside --redis-url")


def _tell(file: SampleFile, sample: Sample, options: argparse.Namespace, notes: Console) -> None:
    """Say what was recorded."""
    notes.print(
        f"{sample.reads:,} reads, of which a sample is in {file.path}"
        f" ({file.requests:,} requests, {file.size / 1e6:.3g} MB)"
    )
    notes.print(f"the secret of its names is in {options.secret}; keep it to yourself")
    if options.json:
        answer = {
            "sample": str(file.path),
            "secret": str(options.secret),
            **sample._asdict(),
            "requests": file.requests,
            "bytes": file.size,
        }
        print(json.dumps(answer))  # noqa: T201 - stdout is for the answer
