"""Start the service under load, measure it, and report what was measured.

`python -m loadtests VERB --help` describes a verb and its flags.
"""

import argparse
import errno
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rich.console import Console

from loadtests.experiments.commands.usage import UsageError, Verbs
from loadtests.experiments.plan.fields import PlanError
from loadtests.experiments.records.record_file import RecordError
from loadtests.experiments.trial.locust_process import LoadError
from loadtests.output.plain_console import PlainConsole
from loadtests.service_under_test.client import ServiceError
from loadtests.service_under_test.control_token import TokenError
from loadtests.stack.guardian import StackError

VERBS = {
    **{name: name for name in ("run", "sweep", "stampede", "report", "compare", "profile")},
    "record": "recording.record",
    **{name: name for name in ("recommend", "bench", "evening")},
    **{name: f"limits.{name}" for name in ("capacity", "drill")},
}
"""The module of each verb below `loadtests.experiments.commands`, in the order of the help text."""

USER_ERRORS = (
    *(UsageError, PlanError, RecordError, StackError, ServiceError, LoadError),
    TokenError,
)

EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130


_NO_ROOM = "; make room there, or set another --output, or TMPDIR for temporary files"
_WAYS_OUT = dict.fromkeys((errno.ENOSPC, errno.EDQUOT), _NO_ROOM)

MODULE = "python -m loadtests"
COMMAND = "cacheaside"


class OneLineParser(argparse.ArgumentParser):
    """Refuses unknown words in one line, as the verbs refuse wrong values."""

    def format_help(self) -> str:
        """Return the help, with the word that this program was started by in its examples."""
        return _as_started(super().format_help())

    def error(self, message: str) -> NoReturn:
        """Name the mistake and where help is, and exit."""
        self.exit(EXIT_USER_ERROR, f"error: {message}; see {self.prog} --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; return the exit code.

    Args:
        arguments: Words after the program's name; None takes the command line's.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal that cannot show a character shows another, and no run is lost for it.
            stream.reconfigure(errors="replace")
    words = sys.argv[1:] if arguments is None else arguments
    parser = OneLineParser(prog=_as_started(MODULE), description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    add_verbs(verbs, words)
    options, unknown = parser.parse_known_args(words)
    if unknown:
        verbs.choices[options.verb].error(f"unrecognized arguments: {' '.join(unknown)}")
    for number in (signal.SIGTERM, signal.SIGINT):
        # A shell starts a background job with SIGINT ignored.
        signal.signal(number, _interrupt)
    notes = PlainConsole(stderr=True, soft_wrap=True, highlight=False, markup=False, emoji=False)
    try:
        code: int = options.run(options, notes)
        if sys.stdout is not None:
            sys.stdout.flush()
    except USER_ERRORS as error:
        return _refused(notes, _as_started(str(error)))
    except OSError as error:  # Such as a full disk, or a reader that left.
        _drop_output()
        return _refused(notes, f"{error}{_WAYS_OUT.get(error.errno or 0, '')}")
    except KeyboardInterrupt:
        notes.print("interrupted; what was saved until now is kept")
        return EXIT_INTERRUPTED
    return code


def _refused(notes: Console, message: str) -> int:
    """Say in a line why a verb ended, and return its exit code."""
    with suppress(OSError):  # Its disk may be full as well.
        notes.print(f"error: {message}")
    return EXIT_USER_ERROR


def add_verbs(verbs: Verbs, words: Sequence[str]) -> None:
    """Declare the verb that the words begin with, or all verbs if they begin with none.

    What the other verbs compute with takes a second to import.
    """
    named = words[0] if words and words[0] in VERBS else None
    for name, module in VERBS.items():
        if named in {None, name}:
            import_module(f"loadtests.experiments.commands.{module}").add_to(verbs)


def _as_started(text: str) -> str:
    """Return a text with the installed command in it, if this program was started by that."""
    return text.replace(MODULE, COMMAND) if Path(sys.argv[0]).name == COMMAND else text


def _drop_output() -> None:
    """Let stdout lead nowhere, so that what it still holds does not fail again at the end."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """End on SIGTERM as on Ctrl-C, so that everything that was started is stopped."""
    raise KeyboardInterrupt
