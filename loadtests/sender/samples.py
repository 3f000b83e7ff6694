"""The samples of a run: four numbers about every lookup, in a file of numpy records."""

import os
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from loadtests.service_under_test.contract import RECORDED_RESULTS

RESULTS = RECORDED_RESULTS

RESULT_INDEX = {word: index for index, word in enumerate(RESULTS)}
BYPASS = RESULT_INDEX["bypass"]
FAILED = RESULT_INDEX["failed"]
DROPPED = RESULT_INDEX["dropped"]

SAMPLE_DTYPE = np.dtype(
    [("intended", "<f8"), ("response", "<f4"), ("service", "<f4"), ("result", "u1")]
)
"""intended: unix seconds of the intended start; response: seconds from then to the last byte;
service: seconds from holding a slot to the last byte (NaN if dropped); result: index in RESULTS."""

_NAME = "samples.bin"


def open_samples(directory: Path, *, own_file: bool) -> BinaryIO:
    """Open this process's file for samples (SAMPLE_DTYPE) in a run's directory, which must exist.

    If several processes write, each has its *own_file*, whose name ends in the process id.
    """
    return (directory / (f"{_NAME}.{os.getpid()}" if own_file else _NAME)).open("wb")


def read_samples(directory: str | Path) -> NDArray[np.void]:
    """Return all samples of the run in *directory* in order of intended start.

    A last record that a killed process cut short is left out.
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
