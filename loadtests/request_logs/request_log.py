"""A log as columns: the time, key, kind and size of every request, kept on disk."""

import tempfile
from collections import Counter
from contextlib import ExitStack
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from loadtests.request_logs.key_numbers import KeyNumbers
from loadtests.request_logs.sample import Sample, joined

_TYPES = {"times": np.float64, "keys": np.int32, "changes": np.bool_, "sizes": np.int64}
_CHUNK = 250_000
MOST_CLASSES = 50
OTHER_CLASS = "other"
LONGEST_CLASS = 60


def printable(name: str) -> str:
    """Return a name from a log as a terminal and a page can show it."""
    return "".join(sign if sign.isprintable() else "�" for sign in name[:LONGEST_CLASS])


class RequestLog:
    """Requests in the order of time.

    Attributes:
        times: Seconds from the first request; all NaN if the log has no times.
        keys: Number of the key, from 0.
        changes: Whether the request changes its key rather than reading it.
        sizes: Bytes of the value; 0 where unknown.
        key_classes: Index in `class_names` of each key's class.
        class_names: Names of the classes; one empty name if keys have none.
        dropped: How many lines gave no request, by reason.
        sample: What it is a sample of; None if it is whole.
    """

    def __init__(
        self,
        columns: dict[str, NDArray[Any]],
        key_classes: NDArray[np.int16],
        class_names: list[str],
        dropped: Counter[str],
    ) -> None:
        self.times: NDArray[np.float64] = columns["times"]
        self.keys: NDArray[np.int32] = columns["keys"]
        self.changes: NDArray[np.bool_] = columns["changes"]
        self.sizes: NDArray[np.int64] = columns["sizes"]
        self.key_classes = key_classes
        self.class_names = class_names
        self.dropped = dropped
        self.sample: Sample | None = None

    @property
    def key_count(self) -> int:
        """Number of distinct keys."""
        return int(self.key_classes.size)

    @property
    def span_seconds(self) -> float:
        """Seconds from the first to the last request."""
        return float(self.times[-1] - self.times[0]) if self.times.size else 0.0

    def reorder(self, order: NDArray[np.int64]) -> None:
        """Put the requests in another order."""
        for column in _TYPES:
            setattr(self, column, getattr(self, column)[order])


class RequestLogWriter:
    """Takes requests one by one; the columns grow in unnamed temporary files.

    A context manager: the files live on as long as a log that it returned.
    """

    def __init__(self) -> None:
        self._open = ExitStack()
        self._files: dict[str, IO[bytes]] = {
            column: self._open.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - it does
            for column in _TYPES
        }
        self._rows: list[tuple[float, int, bool, int, int]] = []
        self._numbers = KeyNumbers()
        self._class_of_key = np.zeros(0, dtype=np.int16)
        self._classes: dict[str, int] = {}
        self._written = 0
        self.dropped: Counter[str] = Counter()
        self.first_bad: list[str] = []
        self.samples: list[Sample] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def count(self) -> int:
        """Number of requests so far."""
        return self._written + len(self._rows)

    def add(self, time: float, key: str, changes: bool, size: int, class_name: str) -> None:
        """Take in one request."""
        number = self._classes.get(class_name)
        if number is None:
            number = self._new_class(class_name)
        self._rows.append((time, hash(key), changes, size, number))
        if len(self._rows) == _CHUNK:
            self._flush()

    def add_columns(self, times: NDArray[Any], ids: NDArray[Any], sizes: NDArray[Any]) -> None:
        """Take in reads of numbered objects, all of one class."""
        self._classes.setdefault("", 0)
        # An odd multiplier spreads consecutive ids over the table and keeps them distinct.
        hashes = ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        zeros = np.zeros(ids.size, dtype=np.int16)
        self._write(
            times.astype(np.float64), hashes.view(np.int64), zeros.astype(np.bool_), sizes, zeros
        )

    def finish(self) -> RequestLog:
        """Return everything that was taken in."""
        self._flush()
        columns: dict[str, NDArray[Any]] = {}
        for column, kind in _TYPES.items():
            file = self._files[column]
            file.flush()
            columns[column] = (
                np.memmap(file, dtype=kind, mode="r+") if self.count else np.empty(0, dtype=kind)
            )
        log = RequestLog(
            columns, self._class_of_key[: self._numbers.count], list(self._classes), self.dropped
        )
        log.sample = joined(self.samples)
        return log

    def _new_class(self, name: str) -> int:
        name = printable(name)
        if name not in self._classes and len(self._classes) >= MOST_CLASSES:
            name = OTHER_CLASS
        return self._classes.setdefault(name, len(self._classes))

    def _flush(self) -> None:
        if not self._rows:
            return
        times, hashes, changes, sizes, classes = zip(*self._rows, strict=True)
        self._rows.clear()
        self._write(
            np.array(times, dtype=np.float64),
            np.array(hashes, dtype=np.int64),
            np.array(changes, dtype=np.bool_),
            np.array(sizes, dtype=np.int64),
            np.array(classes, dtype=np.int16),
        )

    def _write(
        self,
        times: NDArray[np.float64],
        hashes: NDArray[np.int64],
        changes: NDArray[np.bool_],
        sizes: NDArray[Any],
        classes: NDArray[np.int16],
    ) -> None:
        keys = self._numbers.number(hashes)
        if self._numbers.count > self._class_of_key.size:
            grown = np.zeros(2 * self._numbers.count, dtype=np.int16)
            grown[: self._class_of_key.size] = self._class_of_key
            self._class_of_key = grown
        self._class_of_key[keys] = classes
        written: tuple[NDArray[Any], ...] = (times, keys, changes, sizes)
        for column, values in zip(_TYPES, written, strict=True):
            self._files[column].write(values.astype(_TYPES[column]).tobytes())
        self._written += times.size
