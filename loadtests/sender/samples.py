"""The record of every lookup of a run: four numbers each, in a file of numpy records."""

import os
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from loadtests.service_under_test.contract import SERVICE_RESULTS

RESULTS = (*SERVICE_RESULTS, "failed", "dropped")
"""The service's seven words, then: no valid answer came; never sent, having waited too long."""

RESULT_INDEX = {word: index for index, word in enumerate(RESULTS)}
FAILED = RESULT_INDEX["failed"]
DROPPED = RESULT_INDEX["dropped"]

SAMPLE_DTYPE = np.dtype(
    [("intended", "<f8"), ("response", "<f4"), ("service", "<f4"), ("result", "u1")]
)
"""intended: unix seconds of the intended start; response: seconds from then to the last byte;
service: seconds from holding a slot to the last byte (NaN if dropped); result: index in RESULTS."""

_NAME = "samples.bin"


class SampleWriter:
    """Appends samples to a file of a run's directory; one writer a process.

    Args:
        directory: The run's directory; it must exist.
        own_file: Whether several processes write: then the file's name ends in the process id.
    """

    def __init__(self, directory: Path, *, own_file: bool) -> None:
        name = f"{_NAME}.{os.getpid()}" if own_file else _NAME
        self._file: BinaryIO = (directory / name).open("wb")

    def append(self, samples: NDArray[np.void]) -> None:
        """Write *samples* (SAMPLE_DTYPE) and hand them to the operating system."""
        self._file.write(samples.tobytes())
        self._file.flush()

    def close(self) -> None:
        """Close the file; nothing more can be appended."""
        self._file.close()


def read_samples(directory: str | Path) -> NDArray[np.void]:
    """Return all samples of the run in *directory*, by intended start.

    A record cut short by a killed process is left out.
    """
    parts = [
        np.frombuffer(_whole_records(path), dtype=SAMPLE_DTYPE)
        for path in sorted(Path(directory).glob(_NAME + "*"))
    ]
    if not parts:
        return np.empty(0, dtype=SAMPLE_DTYPE)
    samples = np.concatenate(parts)
    return samples[np.argsort(samples["intended"], kind="stable")]


def clear_samples(directory: Path) -> None:
    """Remove the samples of an earlier run from *directory*."""
    for path in directory.glob(_NAME + "*"):
        path.unlink()


def _whole_records(path: Path) -> bytes:
    raw = path.read_bytes()
    return raw[: len(raw) - len(raw) % SAMPLE_DTYPE.itemsize]
