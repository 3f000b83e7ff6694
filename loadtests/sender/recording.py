"""The record of a run on disk: start.json, samples.bin, summary.json."""

import logging
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from loadtests.output.json_file import write_json
from loadtests.sender.samples import clear_samples, open_samples

logger = logging.getLogger(__name__)


class Recording:
    """Writes the record of one run; its JSON files appear whole or not at all.

    Args:
        directory: Where the record goes; it must exist.

    Attributes:
        problem: Why samples are missing from the record, such as a full disk; None if none are.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._samples: BinaryIO | None = None
        self.problem: str | None = None

    def begin(self, started_at: float) -> None:
        """Write the run's time zero, unix seconds."""
        write_json(self._directory / "start.json", {"started_at": started_at})

    def open_samples(self, *, own_file: bool) -> None:
        """Open this process's file of samples; *own_file* if several processes record."""
        self._samples = open_samples(self._directory, own_file=own_file)

    def append(self, samples: NDArray[np.void]) -> None:
        """Add samples to the open file, and flush them to the operating system.

        If that fails, say so once and record no more samples; the load goes on.
        """
        if self._samples is None:
            return
        try:
            self._samples.write(samples.tobytes())
            self._samples.flush()
        except OSError as error:
            self.problem = (
                f"the record in {self._directory} lacks samples: {error.strerror}; "
                "make room there or choose another --record"
            )
            logger.error("%s", self.problem)  # noqa: TRY400 - the cause is in the sentence
            self.close_samples()

    def close_samples(self) -> None:
        """Close the file of samples."""
        if self._samples is not None:
            with suppress(OSError):  # What a full disk did not take is lost.
                self._samples.close()
            self._samples = None

    def clear(self) -> None:
        """Remove what an earlier run left in the directory."""
        clear_samples(self._directory)
        for name in ("start.json", "summary.json"):
            (self._directory / name).unlink(missing_ok=True)

    def conclude(self, summary: dict[str, Any]) -> None:
        """Write the summary; its presence shows that the run ended in order."""
        write_json(self._directory / "summary.json", summary)
