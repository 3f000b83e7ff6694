"""The new file that a sample is written to."""

from contextlib import suppress
from pathlib import Path
from typing import IO, Self

from loadtests.experiments.commands.usage import UsageError
from loadtests.request_logs.samples.sample import HEADER, Sample

FEW_KEYS = 100
"""Keys below which the profile of a sample is vague."""


class SampleFile:
    """A file that is made before anything is recorded, and removed unless it was ended.

    A context manager.

    Args:
        path: Must not be there yet.
        most_bytes: Size that ends a sample.

    Attributes:
        path: Where it is.
        size: Bytes so far.
        requests: Number of rows so far.
        sample: What it is a sample of; None until it was ended.
    """

    def __init__(self, path: Path, most_bytes: float) -> None:
        self.path = path
        self.size = 0
        self.requests = 0
        self.sample: Sample | None = None
        self._most_bytes = most_bytes
        self._file: IO[str]

    def __enter__(self) -> Self:
        """Make the file.

        Raises:
            UsageError: It is there already, or cannot be made.
        """
        try:
            self._file = self.path.open("x", encoding="utf-8")
        except FileExistsError:
            raise UsageError(
                f"{self.path} is there already; name a new file, such as --output new-sample.csv"
            ) from None
        except (OSError, ValueError) as error:  # ValueError: a name with a zero in it.
            raise self._not_written(error) from None
        self._write(HEADER)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # What could not be written fails again.
            self._file.close()
        if self.sample is None:
            with suppress(OSError):
                self.path.unlink()

    def add(self, row: str) -> bool:
        """Write a row; return whether there is room for another."""
        self._write(row)
        self.size += len(row)
        self.requests += 1
        return self.size <= self._most_bytes

    def end(self, sample: Sample) -> None:
        """Write what it is a sample of, and keep the file.

        Raises:
            UsageError: The disk is full.
        """
        self._write(sample.line())
        try:
            self._file.flush()
        except OSError as error:
            raise self._not_written(error) from None
        self.sample = sample

    def _write(self, text: str) -> None:
        try:
            self._file.write(text)
        except OSError as error:
            raise self._not_written(error) from None

    def _not_written(self, error: OSError | ValueError) -> UsageError:
        why = error.strerror if isinstance(error, OSError) else str(error)
        return UsageError(
            f"{self.path} cannot be written: {why}; name a new file in a folder of yours"
        )
