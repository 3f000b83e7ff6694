"""Run the command line: `python -m loadtests VERB`."""

import os
import signal
import sys
from types import FrameType

_INTERRUPTED = 130


def start() -> int:
    """Run a verb; return its exit code, whenever Ctrl-C comes."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    from loadtests.cli import main  # noqa: PLC0415 - Ctrl-C may come in the second that this takes.

    try:
        return main()
    except KeyboardInterrupt:  # Once more, while the first one was being obeyed.
        return _INTERRUPTED


def _leave(_number: int, _frame: FrameType | None) -> None:
    """End at once: nothing was started yet."""
    os._exit(_INTERRUPTED)


if __name__ == "__main__":
    sys.exit(start())
