"""The file of a trial's samples: one number a lookup for each column, compressed."""

import zlib
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from loadtests.sender.samples import SAMPLE_DTYPE

Samples = NDArray[np.void]

NOT_SAMPLES = (
    *(BadZipFile, zlib.error, EOFError, KeyError, ValueError),
    *(MemoryError, TypeError, NotImplementedError, RuntimeError),
)
"""What reading raises if a file holds something else."""


def save_samples(path: Path, samples: Samples, started_at: float) -> None:
    """Write samples with their intended starts in seconds after the first arrival."""
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            offset=(samples["intended"] - started_at).astype(np.float32),
            response=samples["response"],
            service=samples["service"],
            result=samples["result"],
        )


def open_samples_file(path: Path) -> Samples:
    """Read samples; raise OSError, or one of `NOT_SAMPLES`."""
    with path.open("rb") as file, np.load(file) as stored:
        samples = np.empty(len(stored["offset"]), dtype=SAMPLE_DTYPE)
        samples["intended"] = stored["offset"]
        for name in ("response", "service", "result"):
            samples[name] = stored[name]
    return samples
