"""Turns the times of a log into seconds from its first request."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from loadtests.request_logs.compiled import Array, compiled

UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "100ns": 1e-7}
"""Seconds in each unit that --time-unit takes."""

UNIT_NAMES = {
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
    "100ns": "Windows file time (100 ns)",
}

NUMBERS, SECONDS, DATES = "numbers", "seconds", "dates"
"""What the times of a log are: numbers of some unit, seconds as its format has them, or dates."""

_EPOCH_SECONDS = (6e8, 1e10)  # 1989 to 2286.
_FILE_TIME = (1.2e17, 1.6e17)  # 1981 to 2108, in 100 ns since 1601.


def clock_of(times: Iterable[str]) -> str:
    """Return what most of some times are: dates, or numbers."""
    numbers = [_is_number(text) for text in times if text]
    return DATES if 2 * sum(numbers) < len(numbers) else NUMBERS


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def unit_of(moment: float) -> str | None:
    """Return the unit that makes an absolute time a date of our age; None for a relative one."""
    if _FILE_TIME[0] <= moment < _FILE_TIME[1]:
        return "100ns"
    for unit, seconds in UNITS.items():
        if unit != "100ns" and _EPOCH_SECONDS[0] <= moment * seconds < _EPOCH_SECONDS[1]:
            return unit
    return None


def order_by_time(times: NDArray[np.float64]) -> NDArray[np.int64] | None:
    """Return the order that sorts *times*, equal ones as they stand; None if they are sorted."""
    if not bool(np.any(times[1:] < times[:-1])):
        return None
    return np.argsort(times, kind="stable")


def spread_whole_seconds(times: NDArray[np.float64]) -> bool:
    """Spread the requests of each whole second evenly within it, in place; return whether it did.

    Nothing happens where a time has a fraction, or where no second has two requests.
    """
    if times.size < 2 or bool(np.any(times != np.floor(times))) or bool(np.all(np.diff(times))):
        return False
    _spread(times)
    return True


@compiled
def _spread(times: Array) -> None:
    first = 0
    for i in range(1, times.size + 1):
        if i == times.size or times[i] != times[first]:
            second, count = times[first], i - first
            for j in range(count):
                times[first + j] = second + (j + 0.5) / count
            first = i
