"""Traces: files of ids or keys, optionally with the time of each request, that a run replays."""

import gzip
import re
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadtests.traffic.popularity import Masses, SampledBy, Sampler

LARGEST_ID = 2_147_483_647
_MOST_DIGITS = 20  # Leading zeros are allowed.
_ID_LINE = re.compile(r"(?:[\d.eE+-]+[\s,]+)?([1-9]\d{0,9})", re.ASCII)
_TIMED = re.compile(r"(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)(?:\s*,\s*|\s+)(\S.*)", re.ASCII)


class TraceError(ValueError):
    """A trace cannot be read; the message is for the user."""


class Trace(NamedTuple):
    """A trace in file order.

    Attributes:
        ids: The id of each request.
        times: Seconds from the first request to each one; None if the file has no times.
        names: The key of each id from 1 on; empty where lines are ids.
    """

    ids: NDArray[np.int64]
    times: NDArray[np.float64] | None
    names: tuple[str, ...] = ()


class TracePopularity:
    """Asks for the ids of a trace in its order, once.

    Args:
        ids: In file order.
    """

    ordered = True

    def __init__(self, ids: NDArray[np.int64]) -> None:
        self._ids = ids
        self.largest_id = int(ids.max())

    def sampler(self, sequence: int) -> Sampler:
        """Return a replay; every *sequence* is the same one."""
        del sequence
        rest = self._ids

        def draw(times: NDArray[np.float64]) -> NDArray[np.int64]:
            nonlocal rest
            part, rest = rest[: times.size], rest[times.size :]
            return part

        return SampledBy(draw)

    def masses(self) -> Masses | None:
        """Return None: a trace is replayed, not drawn from."""
        return None


def load_trace(path: str | Path, *, may_name_keys: bool = False) -> Trace:
    """Read a trace, plain or .gz: each line is `id` or `seconds id`; `#` starts a comment.

    Args:
        path: The file.
        may_name_keys: Whether lines may be `key` or `seconds key`, of any text. If one of them
            is not an id as it is written, all are keys, numbered as they first appear.

    Raises:
        TraceError: The file cannot be read, or a line is wrong; names both, but not what stands
            there, because the file may be none of ours.
    """
    lines = _lines(Path(path))
    if may_name_keys and not all(map(_is_of_an_id, lines)):
        return _of_keys(path, lines)
    return _of_ids(path, lines)


def _is_of_an_id(line: str) -> bool:
    """Return whether a line holds an id, written as we would write it, or nothing."""
    text = line.split("#", 1)[0].strip()
    found = _ID_LINE.fullmatch(text)
    return not text or (found is not None and int(found[1]) <= LARGEST_ID)


def _of_keys(path: str | Path, lines: list[str]) -> Trace:
    """Read a trace of keys; on line 1 a number before a key says that all lines have times."""
    numbers: dict[str, int] = {}
    ids: list[int] = []
    times: list[float] = []
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        timed = _TIMED.fullmatch(text) if times or not ids else None
        if timed:
            times.append(_time(timed[1], times, f"trace {path}, line {number}"))
        elif times:
            raise TraceError(f"trace {path}, line {number}: must be `seconds key` as on line 1")
        ids.append(numbers.setdefault(timed[2] if timed else text, len(numbers) + 1))
    moments = np.array(times) - times[0] if times else None
    return Trace(np.array(ids, dtype=np.int64), moments, tuple(numbers))


def _of_ids(path: str | Path, lines: list[str]) -> Trace:
    ids: list[int] = []
    times: list[float] = []
    for number, line in enumerate(lines, start=1):
        fields = line.split("#", 1)[0].replace(",", " ").split()
        if not fields:
            continue
        place = f"trace {path}, line {number}"
        ids.append(_id(fields[-1], place))
        if len(fields) == 2:
            times.append(_time(fields[0], times, place))
        if len(fields) > 2 or (times and len(times) != len(ids)):
            raise TraceError(f"{place}: must be `id` or `seconds id` as on line 1")
    if not ids:
        raise TraceError(f"trace {path} holds no ids; write one id per line")
    moments = np.array(times) - times[0] if times else None
    return Trace(np.array(ids, dtype=np.int64), moments)


def _lines(path: Path) -> list[str]:
    try:
        raw = path.read_bytes()
        if path.suffix == ".gz":
            raw = gzip.decompress(raw)
        return raw.decode("utf-8").splitlines()
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TraceError(f"trace {path} cannot be read: {reason}; check the path") from None
    except UnicodeDecodeError:
        raise TraceError(f"trace {path} is not a text file; name a gzip file .gz") from None


def _id(text: str, place: str) -> int:
    digits = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    if not (digits and 1 <= int(text) <= LARGEST_ID):
        raise TraceError(f"{place}: an id must be 1 to {LARGEST_ID}")
    return int(text)


def _time(text: str, earlier: list[float], place: str) -> float:
    try:
        moment = float(text)
    except ValueError:
        raise TraceError(f"{place}: a time must be a number of seconds") from None
    if not np.isfinite(moment) or (earlier and moment < earlier[-1]):
        raise TraceError(f"{place}: times must be finite and must not decrease")
    return moment
