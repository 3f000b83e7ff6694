"""Finds the fields of plain lines in bytes, compiled; every other line is left to its parser.

A line is plain if its bytes mean the same to the scan as its text does to the parser of its format.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadtests.request_logs.compiled import Array, compiled

LONGEST_PLAIN = 100_000  # Of longer lines the csv module refuses some.
TIME, KEY, OP, SIZE = range(4)
LINE_FEED = ord("\n")
_DOT, _MINUS, _ZERO, _NINE = ord("."), ord("-"), ord("0"), ord("9")
SPACE, DIGIT, UNSURE = 1, 2, 3
"""Kinds of bytes: what str.strip takes for a space, digits, and what a space beyond ASCII may begin
with; all others are 0."""

_KINDS = np.zeros(256, np.uint8)
_KINDS[[*range(9, 14), *range(28, 33)]] = SPACE
_KINDS[_ZERO : _NINE + 1] = DIGIT
_KINDS[[0xC2, 0xE1, 0xE2, 0xE3]] = UNSURE
_MOST_EXACT = 2**53
_POWERS_OF_TEN = np.array([10.0**power for power in range(19)])


Bytes = NDArray[np.uint8]


class Fields(NamedTuple):
    """What a scan finds, a row for each line.

    Attributes:
        ends: Where the line feed of the line is.
        odd: Whether the line is not plain; only its end is known then.
        places: Start and end of each of time, key, op and size; equal where there is none.
        times: The time; NaN without one, and where its text says more than a decimal number.
        dated: Whether the time is still to be read from its text.
        sizes: Bytes; 0 where there are none.
    """

    ends: NDArray[np.int64]
    odd: NDArray[np.bool_]
    places: NDArray[np.int32]
    times: NDArray[np.float64]
    dated: NDArray[np.bool_]
    sizes: NDArray[np.int64]


class LineScan(NamedTuple):
    """How the lines of a format are scanned.

    Attributes:
        find: Fills the places of the fields of plain lines, given the text, the kinds of its bytes,
            where each line ends, the places and whether each line is odd. It may move the bytes
            of a plain line, to put the parts of a key side by side.
        operation: Returns whether a word changes its key, or why it gives no request; None leaves
            its lines to the parser.
        moment: Returns the seconds that a time says that is no decimal number; it raises ValueError
            for what is no time.
    """

    find: Callable[[Bytes, Bytes, NDArray[np.int64], NDArray[np.int32], NDArray[np.bool_]], None]
    operation: Callable[[str], bool | str | None]
    moment: Callable[[str], float]


def scan_fields(scan: LineScan, text: Bytes) -> Fields:
    """Return the fields of every line of *text*, which ends with a line feed."""
    ends = np.flatnonzero(text == LINE_FEED)
    fields = Fields(
        ends=ends,
        odd=np.zeros(ends.size, np.bool_),
        places=np.zeros((ends.size, 8), np.int32),
        times=np.full(ends.size, np.nan),
        dated=np.zeros(ends.size, np.bool_),
        sizes=np.zeros(ends.size, np.int64),
    )
    scan.find(text, _KINDS[text], ends, fields.places, fields.odd)
    _read_numbers(text, fields.odd, fields.places, fields.times, fields.dated, fields.sizes)
    return fields


@compiled
def _decimal(text: Array, start: int, end: int) -> tuple[float, bool]:
    """Return what float() makes of a decimal number, and whether it is sure to be that."""
    negative = text[start] == _MINUS
    number, digits, decimals, in_fraction = np.int64(0), 0, 0, False
    for place in range(start + negative, end):
        byte = text[place]
        if byte == _DOT and not in_fraction:
            in_fraction = True
            continue
        if byte < _ZERO or byte > _NINE or digits == 18:
            return 0.0, False
        number = 10 * number + np.int64(byte - _ZERO)
        digits += 1
        decimals += in_fraction
    # A quotient of numbers that are exact is rounded once, as float() rounds.
    sure = bool(digits > 0 and (decimals == 0 or number <= _MOST_EXACT))
    value = float(number) / _POWERS_OF_TEN[decimals]
    return (-value if negative else value), sure


@compiled
def _whole(text: Array, start: int, end: int) -> int:
    """Return a number of up to twelve digits; -1 for anything else."""
    if not 0 < end - start <= 12:
        return -1
    number = 0
    for place in range(start, end):
        if text[place] < _ZERO or text[place] > _NINE:
            return -1
        number = 10 * number + int(text[place] - _ZERO)
    return number


@compiled
def _read_numbers(  # noqa: PLR0913, PLR0917 - columns of Fields
    text: Array,
    odd: Array,
    places: Array,
    times: Array,
    dated: Array,
    sizes: Array,
) -> None:
    for line in range(odd.size):
        if odd[line]:
            continue
        of_line = places[line]
        if of_line[2 * KEY] == of_line[2 * KEY + 1]:
            odd[line] = True
            continue
        if of_line[2 * SIZE] < of_line[2 * SIZE + 1]:
            size = _whole(text, of_line[2 * SIZE], of_line[2 * SIZE + 1])
            odd[line] = size < 0
            sizes[line] = size
        if of_line[2 * TIME] < of_line[2 * TIME + 1]:
            time, sure = _decimal(text, of_line[2 * TIME], of_line[2 * TIME + 1])
            if sure:
                times[line] = time
            else:
                dated[line] = True
