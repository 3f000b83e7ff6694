"""Reads one file of a record: a JSON object, whatever became of the file."""

import json
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

DAMAGE = (
    *(LookupError, TypeError, AttributeError, ValueError, ArithmeticError),
    *(RecursionError, MemoryError),
)
"""What working with a value of another kind than a run writes may raise."""

_MOST_BYTES = 256 * 1024 * 1024
_MOST_DIGITS = 20  # Of a 64-bit number with its sign; longer ones do not become floats.
_LONGEST_WORDS = 200

_T = TypeVar("_T")


class RecordError(Exception):
    """A folder or file is not the record of a run; one line for the user."""


def read_record(path: Path, make: Callable[[dict[str, Any]], _T]) -> _T:
    """Return what *make* makes of a JSON object on disk.

    Raises:
        RecordError: The file is missing, or does not hold such an object.
    """
    try:
        return make(_object(_text(path)))
    except (FileNotFoundError, NotADirectoryError):
        raise RecordError(f"{path.parent} holds no {path.name}; name the folder of a run") from None
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}") from None
    except KeyError as error:
        raise RecordError(f"{path}: not a record: {error} is missing") from None
    except RecursionError:
        raise RecordError(f"{path}: not a record: its lists are too deep") from None
    except DAMAGE as error:
        raise RecordError(f"{path}: not a record: {_short(str(error))}") from None


@contextmanager
def refuse_damage(path: Path) -> Iterator[None]:
    """Work with what was read from a file in the block.

    Raises:
        RecordError: One of its values is of another kind than a run writes.
    """
    try:
        yield
    except DAMAGE as error:
        words = _short(f"{type(error).__name__}: {error}")
        raise RecordError(f"{path}: not a record: {words}") from error


def require_file(path: Path) -> None:
    """Raise OSError unless *path* is a file of a size that a record may have."""
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(0, "it is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise OSError(0, "it is not a file")  # Such as a FIFO, on which reading waits for ever.
    if status.st_size > _MOST_BYTES:
        raise OSError(0, f"its {status.st_size:,} bytes are more than any record has")


def _text(path: Path) -> str:
    require_file(path)
    return path.read_text(encoding="utf-8")


def _object(text: str) -> dict[str, Any]:
    values = json.loads(text, parse_int=_whole_number)
    if not isinstance(values, dict):
        raise TypeError(f"a {type(values).__name__} instead of an object")
    return values


def _whole_number(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _short(words: str) -> str:
    return words[:_LONGEST_WORDS]
