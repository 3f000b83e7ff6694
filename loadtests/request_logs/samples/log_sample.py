"""The sample of a log that was read: the requests of the keys that are kept."""

import re
from collections.abc import Iterator

import numpy as np

from loadtests.request_logs.request_log import RequestLog
from loadtests.request_logs.samples.sample import row
from loadtests.request_logs.samples.sampled_keys import SampledKeys

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_.-]")
_DECIMALS = 6


class LogSample:
    """The rows of a log's sample, and the reads of all keys.

    Args:
        log: At least one request.
        keys: Those that are kept.
        classed: Whether a name begins with the class of its key and a colon.
    """

    def __init__(self, log: RequestLog, keys: SampledKeys, *, classed: bool) -> None:
        self._log = log
        self._names = keys.names
        self._classes = [_NOT_PLAIN.sub("_", name) for name in log.class_names] if classed else None
        self._places = keys.places(log.keys)

    @property
    def requests(self) -> int:
        """Number of rows."""
        return int(self._places.size)

    def rows(self) -> Iterator[str]:
        """Yield a row for each request of a key that is kept."""
        numbers = self._log.keys[self._places].tolist()
        times = np.round(self._log.times[self._places], _DECIMALS).tolist()
        changes = self._log.changes[self._places].tolist()
        for time, number, change in zip(times, numbers, changes, strict=True):
            yield row(time, self._name(number), change=change)

    def reads_until(self, rows: int) -> int:
        """Return how often any key was read until the sample had its first *rows* rows.

        With all rows that is every read of the log, those after the last row too.
        """
        end = None if rows >= self.requests else int(self._places[rows - 1]) + 1
        return int(np.count_nonzero(~self._log.changes[:end]))

    def _name(self, number: int) -> str:
        name = self._names[number]
        if self._classes is None:
            return name
        return f"{self._classes[self._log.key_classes[number]]}:{name}"
