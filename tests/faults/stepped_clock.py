"""A clock that a test steps: Debian's libfaketime, under the servers of a stage."""

from pathlib import Path

from loadtests.stack.debian import UnpackError, unpacked
from loadtests.stack.guardian import StackError

LIBRARY = "usr/lib/{machine}-linux-gnu/faketime/libfaketime.so.1"


class SteppedClock:
    """Steps the wall clock of programs; their monotonic clock goes on, as a machine's does.

    Args:
        folder: Holds the file by which the programs learn of a step.
        machine: The machine's architecture, such as x86_64.

    Raises:
        StackError: Debian's libfaketime is not available.
    """

    def __init__(self, folder: Path, machine: str) -> None:
        library = LIBRARY.format(machine=machine)
        try:
            path = unpacked(library, "libfaketime") / library
        except UnpackError as error:
            raise StackError(f"no libfaketime ({error}): install libfaketime") from error
        self._file = folder / "clock"
        self._offset_seconds = 0
        self.step(0)
        self.environment = {
            "LD_PRELOAD": str(path),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
        }

    def step(self, seconds: int) -> None:
        """Set the clock forward, or back by a negative number of seconds."""
        self._offset_seconds += seconds
        draft = self._file.with_suffix(".draft")
        draft.write_text(f"{self._offset_seconds:+d}\n")
        draft.replace(self._file)
