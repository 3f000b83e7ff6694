"""Which files the start form may name as a trace."""

from collections.abc import Sequence
from pathlib import Path

from loadtests.workload.flags import FlagError, FlagParser, add_repeatable_flag


def add_trace_folder_flag(parser: FlagParser) -> None:
    """Declare --trace-folder on Locust's parser."""
    add_repeatable_flag(
        parser,
        "trace-folder",
        "<folder>",
        "A folder whose files the form may name as trace; repeat for more. Default: none.",
    )


class TraceFolders:
    """Allows the form the trace of the command line, and files below folders named there.

    Args:
        folders: The folders.
        given: The trace of the command line; empty without one.

    Raises:
        FlagError: One of *folders* is not a folder.
    """

    def __init__(self, folders: Sequence[str], given: str) -> None:
        for folder in folders:
            if not folder or not Path(folder).is_dir():
                raise FlagError(
                    f"trace-folder must be a folder, got {folder!r}; create it or leave it out"
                )
        self._folders = [Path(folder).resolve() for folder in folders]
        self._given = given

    def require(self, trace: str) -> None:
        """Check that the form may name *trace*, links followed.

        Raises:
            FlagError: It may not; the message does not say whether there is such a file.
        """
        if trace in {"", self._given} or self._holds(trace):
            return
        raise FlagError(
            "trace must be a file below a folder given at start with --trace-folder,"
            f" got {trace!r}; start again with --trace-folder, or with --trace"
        )

    def _holds(self, trace: str) -> bool:
        try:
            path = Path(trace).resolve()
            # Reading a FIFO or a device may never end, and nothing else runs meanwhile. What is
            # still a link now is a loop of links, for Python 3.13; older ones raise an error.
            is_other = path.is_symlink() or (path.exists() and not path.is_file())
        except (OSError, ValueError, RuntimeError):
            return False  # A loop of links, or a name that no file can have.
        return not is_other and any(folder in path.parents for folder in self._folders)
