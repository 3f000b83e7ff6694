"""Many requests as columns, the texts of their keys as slices of one text."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadtests.request_logs.formats.request import Request


class RequestRows(NamedTuple):
    """Requests in the order of their log.

    Attributes:
        text: Bytes of UTF-8 that hold the keys.
        keys: A row for each request: where its key starts in the text, and where it ends.
        times: In the file's own unit; NaN without one.
        changes: Whether the request changes its key.
        sizes: Bytes of the value; 0 where unknown.
    """

    text: NDArray[np.uint8]
    keys: NDArray[np.int32]
    times: NDArray[np.float64]
    changes: NDArray[np.bool_]
    sizes: NDArray[np.int64]

    def key_texts(self, places: NDArray[np.int64]) -> list[str]:
        """Return the texts of the keys of the requests at *places*."""
        return texts_of(self.text, self.keys[places])

    def merged(self, others: "RequestRows", order: NDArray[np.int64]) -> "RequestRows":
        """Return these requests and *others*, counted after these, in an order."""
        moved = others.keys + np.int32(self.text.size)
        return RequestRows(
            np.concatenate((self.text, others.text)),
            np.concatenate((self.keys, moved))[order],
            np.concatenate((self.times, others.times))[order],
            np.concatenate((self.changes, others.changes))[order],
            np.concatenate((self.sizes, others.sizes))[order],
        )


def texts_of(text: NDArray[np.uint8], slices: NDArray[np.int32]) -> list[str]:
    """Return slices of *text* as texts; wrong bytes stay distinct."""
    whole = text.tobytes()
    return [whole[start:end].decode("utf-8", "surrogateescape") for start, end in slices.tolist()]


def packed(texts: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Return texts as the bytes of one, and where each starts and ends in it."""
    whole = "".join(texts)
    if whole.isascii():
        parts, lengths = [whole.encode("ascii")], map(len, texts)
    else:
        parts = [_encoded(text) for text in texts]
        lengths = map(len, parts)
    ends = np.zeros(len(texts) + 1, dtype=np.int32)
    np.cumsum(np.fromiter(lengths, np.int32, len(texts)), out=ends[1:])
    return np.frombuffer(b"".join(parts), np.uint8), np.column_stack((ends[:-1], ends[1:]))


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # Half a pair, which JSON may hold as \ud800.
        return text.encode("utf-8", "surrogatepass")


def rows_of(requests: Sequence[Request]) -> RequestRows:
    """Return requests as columns."""
    times, keys, changes, sizes = zip(*requests, strict=True) if requests else ((), (), (), ())
    text, slices = packed(keys)
    return RequestRows(
        text,
        slices,
        np.array(times, dtype=np.float64),
        np.array(changes, dtype=np.bool_),
        np.array(sizes, dtype=np.int64),
    )
