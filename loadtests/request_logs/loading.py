"""Reads logs and gives every request its time in seconds from the first one."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadtests.request_logs.clock import (
    DATES,
    NUMBERS,
    SECONDS,
    UNIT_NAMES,
    UNITS,
    order_by_time,
    spread_whole_seconds,
    unit_of,
)
from loadtests.request_logs.log_reader import OnLines, read_log
from loadtests.request_logs.recognition import Reading
from loadtests.request_logs.request_log import RequestLog, RequestLogWriter
from loadtests.request_logs.samples.sampled_keys import SampledKeys
from loadtests.request_logs.source import LogError


class _EnoughReadError(Exception):
    """What was read of a log is enough for its sample."""


@dataclass(frozen=True, slots=True)
class Timing:
    """When the requests of a log come.

    Attributes:
        unit: Unit of the log's times; None recognises it from their size.
        rate: Requests per second, in place of the log's times; None keeps those.
        arrivals: paced or poisson, for a rate.
        seed: Of Poisson arrivals.
    """

    unit: str | None = None
    rate: float | None = None
    arrivals: str = "paced"
    seed: int = 1


@dataclass(frozen=True, slots=True)
class LoadedLog:
    """A log that is ready to be replayed.

    Attributes:
        requests: In the order of time, seconds from the first.
        formats: Name of each file's format.
        notes: What was assumed, in sentences.
        first_bad: The first line of each file that was not understood.
    """

    requests: RequestLog
    formats: list[str]
    notes: list[str]
    first_bad: list[str]


def load_logs(
    names: Sequence[str],
    how: Reading,
    timing: Timing,
    on_lines: OnLines = lambda _lines, _bytes: None,
    sampled: SampledKeys | None = None,
) -> LoadedLog:
    """Read logs one after the other.

    Args:
        names: Paths, or "-" for stdin.
        how: How they are to be read.
        timing: When the requests come.
        on_lines: Called from time to time with the numbers of lines and of bytes read since.
        sampled: Takes in the keys, and may end the reading; None for no sample.

    Raises:
        LogError: One cannot be read or understood, or there are no times and no rate.
    """

    def on_some_lines(count: int, size: int) -> None:
        on_lines(count, size)
        if sampled and sampled.ended:
            raise _EnoughReadError

    formats: list[str] = []
    with RequestLogWriter(sampled) as writer:
        with suppress(_EnoughReadError):
            formats.extend(read_log(name, how, writer, on_some_lines) for name in names)
        log = writer.finish()
    notes = _paced(log, timing) if timing.rate else _timed(log, writer.clocks, timing.unit)
    return LoadedLog(log, formats, notes, writer.first_bad)


def _paced(log: RequestLog, timing: Timing) -> list[str]:
    rate = timing.rate or 1.0
    if timing.arrivals == "poisson":
        gaps = np.random.default_rng(timing.seed).exponential(1.0 / rate, log.keys.size)
        log.times = np.cumsum(gaps)
        log.times -= log.times[0]
    else:
        log.times = np.arange(log.keys.size) / rate
    return [f"Times were made: {rate:g} requests per second, {timing.arrivals}."]


def _timed(log: RequestLog, clocks: set[str], given_unit: str | None) -> list[str]:
    untimed = np.isnan(log.times)
    if bool(untimed.all()):
        raise LogError(
            "the log has no times; give the rate of the requests, such as --rate 500 (per second)"
        )
    if bool(untimed.any()):
        log.dropped["lines without a time"] += int(untimed.sum())
        log.reorder(np.flatnonzero(~untimed))
    unit, notes = _unit(log.times, clocks, given_unit)
    order = order_by_time(log.times)
    if order is not None:
        late = int(np.sum(log.times[1:] < log.times[:-1]))
        log.reorder(order)
        notes.append(f"{late} requests stood before an earlier one and were put in order.")
    times = np.array(log.times)
    # Before scaling and shifting: only then is a whole second a whole number.
    if unit == "s" and spread_whole_seconds(times):
        notes.append("Times are whole seconds: the requests of a second were spread evenly in it.")
    times -= times[0]
    times *= UNITS[unit]
    log.times = times
    if not times[-1] > 0.0 and times.size > 1:
        raise LogError("all requests have the same time; give their rate, such as --rate 500")
    return notes


def _unit(
    times: NDArray[np.float64], clocks: set[str], given_unit: str | None
) -> tuple[str, list[str]]:
    """Return the unit of the times, and sentences that say what they are.

    Raises:
        LogError: The unit is not that of dates, and some of the times are dates.
    """
    fixed = clocks - {NUMBERS}
    recognised = None
    if NUMBERS in clocks:  # The middle one may be a date, the largest is of the finest unit.
        recognised = unit_of(float(times.max() if fixed else np.median(times)))
    unit = given_unit or recognised or "s"
    if fixed and unit != "s":
        raise LogError(_other_unit(unit, clocks))
    notes = [_FIXED_CLOCKS[clock] for clock in sorted(fixed)]
    if NUMBERS in clocks:
        how = "recognised from their size" if recognised else "no dates; else give --time-unit"
        notes.append(f"Times are in {UNIT_NAMES[unit]} ({'as told' if given_unit else how}).")
    return unit, notes


def _other_unit(unit: str, clocks: set[str]) -> str:
    if NUMBERS in clocks:
        return (
            f"times are numbers ({UNIT_NAMES[unit]}) in one log, and dates or seconds in another;"
            " name logs of one kind at a time"
        )
    what = "dates" if DATES in clocks else "seconds by its format"
    return f"--time-unit {unit} is for numbers, and the times of the log are {what}; leave it out"


_FIXED_CLOCKS = {
    DATES: "Times are the dates in the log.",
    SECONDS: "Times are in seconds, as this format has them.",
}
