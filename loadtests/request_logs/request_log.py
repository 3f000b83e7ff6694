"""A log as columns: the time, key, kind and size of every request, kept on disk."""

import tempfile
from collections import Counter
from contextlib import ExitStack
from typing import IO, Any, Self

import numpy as np
from numpy.typing import NDArray

from loadtests.request_logs.logged_keys import NO_KEY_FOUND, KeyReader, LoggedKeys
from loadtests.request_logs.request_rows import RequestRows
from loadtests.request_logs.samples.sample import Sample, joined
from loadtests.request_logs.samples.sampled_keys import SampledKeys

OTHER_KEYS = "keys that --key-regex does not match"
_TYPES = {"times": np.float64, "keys": np.int32, "changes": np.bool_, "sizes": np.int64}


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
    """Takes requests in; the columns grow in unnamed temporary files.

    A context manager: the files live on as long as a log that it returned.

    Args:
        sampled: Takes in the keys of which a sample may be taken; None for no sample.

    Attributes:
        keys: The keys of all requests.
        count: Number of requests so far.
        dropped: How many lines gave no request, by reason.
        first_bad: The first line of each log that was not understood.
        samples: What the logs are samples of.
        clocks: What the times of the logs are, as of `clock`.
    """

    def __init__(self, sampled: SampledKeys | None = None) -> None:
        self._open = ExitStack()
        self._files: dict[str, IO[bytes]] = {
            column: self._open.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - it does
            for column in _TYPES
        }
        self.keys = LoggedKeys(sampled.add if sampled else None)
        self._sampled = sampled
        self.count = 0
        self.dropped: Counter[str] = Counter()
        self.first_bad: list[str] = []
        self.samples: list[Sample] = []
        self.clocks: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(self, rows: RequestRows, key_reader: KeyReader) -> None:
        """Take in requests, whose keys *key_reader* knows; drop those without a key."""
        keys = key_reader.number(rows)
        columns: tuple[NDArray[Any], ...] = (rows.times, keys, rows.changes, rows.sizes)
        kept = keys != NO_KEY_FOUND
        if not kept.all():
            self.dropped[OTHER_KEYS] += int(np.count_nonzero(~kept))
            columns = tuple(column[kept] for column in columns)
        self._write(*columns)

    def add_columns(self, times: NDArray[Any], ids: NDArray[Any], sizes: NDArray[Any]) -> None:
        """Take in reads of numbered objects, all of one class."""
        # An odd multiplier spreads consecutive ids over the table and keeps them distinct.
        hashes = ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        keys = self.keys.number(
            hashes.view(np.int64), lambda places: [*map(str, ids[places].tolist())], lambda _: ""
        )
        self._write(times, keys, np.zeros(ids.size, dtype=np.bool_), sizes)

    def finish(self) -> RequestLog:
        """Return everything that was taken in."""
        columns: dict[str, NDArray[Any]] = {}
        for column, kind in _TYPES.items():
            file = self._files[column]
            file.flush()
            columns[column] = (
                np.memmap(file, dtype=kind, mode="r+") if self.count else np.empty(0, dtype=kind)
            )
        log = RequestLog(columns, self.keys.key_classes, self.keys.class_names, self.dropped)
        log.sample = joined(self.samples)
        return log

    def _write(self, *columns: NDArray[Any]) -> None:
        for (name, kind), values in zip(_TYPES.items(), columns, strict=True):
            self._files[name].write(np.ascontiguousarray(values, dtype=kind).data)
        self.count += columns[0].size
        if self._sampled:
            self._sampled.count(columns[1])
