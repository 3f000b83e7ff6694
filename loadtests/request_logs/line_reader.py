"""Reads lines by the parser of their format; counts those that give no request."""

from collections.abc import Callable, Sequence

from loadtests.request_logs.formats.request import UNREADABLE, LineParser, Request
from loadtests.request_logs.request_log import OTHER_KEYS, RequestLogWriter
from loadtests.request_logs.samples.sample import sample_of

OUT_OF_RANGE = "requests with a time or size out of range"
MOST_TIME = 1e19  # Nanoseconds since 1970 have 19 digits.
MOST_BYTES = 2**40
NOT_PARSED = (ValueError, OverflowError, RecursionError)
"""What a line raises that looks like one of its format but has impossible values."""


class LineReader:
    """Reads lines of one log.

    Args:
        parse: Parser of the format.
        has_key: Returns whether there is a key in what stands in its place.
        writer: Counts what is dropped, and takes in what a sample is a sample of.

    Attributes:
        first_bad: Number and text of the first line that was not understood.
    """

    def __init__(
        self, parse: LineParser, has_key: Callable[[str], bool], writer: RequestLogWriter
    ) -> None:
        self._parse = parse
        self._has_key = has_key
        self._writer = writer
        self.first_bad: tuple[int, str] | None = None

    def read(self, number: int, line: str) -> Sequence[Request]:
        """Return the requests of a line that has this number in its log."""
        try:
            parsed = self._parse(line)
        except NOT_PARSED:
            parsed = UNREADABLE
        if isinstance(parsed, str):
            self._count(parsed, number, line)
            return ()
        for time, _, _, size in parsed:
            if abs(time) > MOST_TIME or size > MOST_BYTES:
                return [each for each in parsed if self._in_range(each)]
        return parsed

    def _in_range(self, request: Request) -> bool:
        time, key, _, size = request
        if not (abs(time) > MOST_TIME or size > MOST_BYTES):
            return True
        self._writer.dropped[OUT_OF_RANGE if self._has_key(key) else OTHER_KEYS] += 1
        return False

    def _count(self, reason: str, number: int, line: str) -> None:
        """Count a line without requests; the last line of a sample says what it is a sample of."""
        if reason:
            self._writer.dropped[reason] += 1
            if reason == UNREADABLE and self.first_bad is None:
                self.first_bad = number, line
        elif line.startswith("#") and (sample := sample_of(line)):
            self._writer.samples.append(sample)
