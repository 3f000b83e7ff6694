"""Reads libCacheSim's oracleGeneral: binary rows of time, object, size and next access."""

from collections.abc import Iterator
from typing import IO

import numpy as np
from numpy.typing import NDArray

ROW = np.dtype([("time", "<u4"), ("id", "<u8"), ("size", "<u4"), ("next", "<i8")])
_ROWS = 250_000
_ROWS_TO_SEE = 100


def recognises(head: bytes) -> bool:
    """Return whether the first bytes are such rows: times rise, next accesses lie ahead."""
    rows = np.frombuffer(head[: len(head) // ROW.itemsize * ROW.itemsize], ROW)[:_ROWS_TO_SEE]
    if rows.size < 2 or b"\x00" not in head:
        return False
    times = rows["time"].astype(np.int64)
    places = np.arange(rows.size)
    ahead = (rows["next"] > places) | (rows["next"] < 0) | (rows["next"] >= 2**62)
    return bool(np.all(np.diff(times) >= 0) and np.diff(times).max() < 10**6 and np.all(ahead))


def read(stream: IO[bytes]) -> Iterator[tuple[NDArray[np.void], int]]:
    """Yield some rows at a time, and how many bytes there are of a row that is not whole yet."""
    rest = b""
    while block := stream.read(_ROWS * ROW.itemsize):
        whole = rest + block
        cut = len(whole) // ROW.itemsize * ROW.itemsize
        rest = whole[cut:]
        yield np.frombuffer(whole[:cut], ROW), len(rest)
