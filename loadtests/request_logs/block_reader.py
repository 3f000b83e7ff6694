"""Reads blocks of lines: plain ones by the scan of their format, the others one by one."""

import numpy as np
from numpy.typing import NDArray

from loadtests.request_logs.formats.line_scan import (
    KEY,
    OP,
    TIME,
    Fields,
    LineScan,
    scan_fields,
)
from loadtests.request_logs.key_numbers import KeyNumbers, hashes_of
from loadtests.request_logs.line_reader import MOST_TIME, LineReader
from loadtests.request_logs.request_log import RequestLogWriter
from loadtests.request_logs.request_rows import RequestRows, rows_of, texts_of

_READ, _CHANGE, _ODD, _FIRST_REASON = range(4)
"""What an operation is: a read, a change, a word for its line's parser, or the first of the reasons
for which it gives no request."""


class BlockReader:
    """Reads the blocks of one log, in which its scan finds the fields.

    Args:
        scan: Of the format.
        lines: Reads the lines that are not plain.
        writer: Counts what is dropped.
    """

    def __init__(self, scan: LineScan, lines: LineReader, writer: RequestLogWriter) -> None:
        self._scan = scan
        self._lines = lines
        self._writer = writer
        self._words = KeyNumbers()
        self._kinds = np.zeros(0, np.int64)  # Of each word, by its number.
        self._reasons: list[str] = []

    def read(self, block: bytes, before: int) -> tuple[RequestRows, int]:
        """Return the requests of a block of lines, and the number of lines.

        Args:
            block: Whole lines, each ended by a line feed.
            before: Number of lines before it in its log.
        """
        text = np.frombuffer(bytearray(block), np.uint8)  # A scan may move what is in a line.
        fields = scan_fields(self._scan, text)
        if not before:
            fields.odd[0] = True  # It may name the columns, which its parser knows.
        self._read_dates(text, fields)
        kinds = self._read_operations(text, fields)
        plain = np.flatnonzero(~fields.odd & (kinds <= _CHANGE))
        rows = RequestRows(
            text,
            fields.places[plain, 2 * KEY : 2 * KEY + 2],
            fields.times[plain],
            kinds[plain] == _CHANGE,
            fields.sizes[plain],
        )
        if fields.odd.any():
            rows = self._with_odd(rows, plain, fields, before, block)
        return rows, fields.odd.size

    def _with_odd(
        self,
        rows: RequestRows,
        plain: NDArray[np.int64],
        fields: Fields,
        before: int,
        block: bytes,
    ) -> RequestRows:
        """Return the requests of plain lines with those of the others, in the order of lines."""
        odd = np.flatnonzero(fields.odd)
        starts = np.concatenate(([0], fields.ends + 1))
        places = np.column_stack((starts[odd], starts[odd + 1]))
        texts = texts_of(np.frombuffer(block, np.uint8), places)
        found = [
            (line, request)
            for line, text in zip(odd.tolist(), texts, strict=True)
            for request in self._lines.read(before + line + 1, text)
        ]
        if not found:
            return rows
        lines, requests = zip(*found, strict=True)
        order = np.argsort(np.concatenate((plain, lines)), kind="stable")
        return rows.merged(rows_of(requests), order)

    def _read_dates(self, text: NDArray[np.uint8], fields: Fields) -> None:
        """Read the times that are more than decimal numbers, each text once."""
        dated = np.flatnonzero(fields.dated & ~fields.odd)
        if not dated.size:
            return
        places = fields.places[dated, 2 * TIME : 2 * TIME + 2]
        numbers, firsts = KeyNumbers().number(hashes_of(text, places))
        texts = texts_of(text, places[firsts])
        try:
            times = np.array([*map(float, texts)])
        except ValueError:
            times = np.array([*map(self._moment, texts)])
        times[np.abs(times) > MOST_TIME] = np.inf
        fields.times[dated] = times[numbers]
        fields.odd[dated] = np.isinf(times)[numbers]

    def _moment(self, text: str) -> float:
        """Return a time; infinity for what only its line's parser can judge."""
        try:
            return self._scan.moment(text)
        except (ValueError, OverflowError):
            return np.inf

    def _read_operations(self, text: NDArray[np.uint8], fields: Fields) -> NDArray[np.int64]:
        """Return what each line's operation is; count the lines that give no request for it."""
        kinds = np.full(fields.odd.size, _READ)
        places = fields.places[:, 2 * OP : 2 * OP + 2]
        worded = np.flatnonzero(~fields.odd & (places[:, 0] < places[:, 1]))
        if not worded.size:
            return kinds
        numbers, firsts = self._words.number(hashes_of(text, places[worded]))
        if firsts.size:
            words = texts_of(text, places[worded[firsts]])
            self._kinds = np.append(self._kinds, [*map(self._kind_of, words)])
        kinds[worded] = self._kinds[numbers]
        fields.odd[kinds == _ODD] = True
        counts = np.bincount(kinds[~fields.odd])[_FIRST_REASON:]
        for reason, count in zip(self._reasons, counts, strict=False):
            if count:
                self._writer.dropped[reason] += int(count)
        return kinds

    def _kind_of(self, word: str) -> int:
        kind = self._scan.operation(word)
        if isinstance(kind, str):
            if kind not in self._reasons:
                self._reasons.append(kind)
            return _FIRST_REASON + self._reasons.index(kind)
        return _ODD if kind is None else int(kind)
