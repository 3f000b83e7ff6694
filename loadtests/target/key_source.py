"""The keys of a target: which text stands for each number that the traffic draws."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

_RANGE = re.compile(r"(\d{1,18})-(\d{1,18})")


class TargetError(ValueError):
    """A target cannot be used as it is described; the message is for the user."""


@dataclass(frozen=True)
class KeySource:
    """Turns the numbers 1, 2, 3 … of the traffic into keys.

    Attributes:
        text: How it was described; "" for the numbers themselves.
        names: The keys of a file in its order; empty for numbers.
        first: The key of number 1 where keys are numbers.
        size: How many keys there are; None without a bound, and for those of a trace, which were
            perhaps asked for before.
        skipped: How many keys at the beginning are left out.
    """

    text: str = ""
    names: tuple[str, ...] = ()
    first: int = 1
    size: int | None = None
    skipped: int = 0

    def key(self, number: int) -> str:
        """Return the key of a number from 1 on."""
        place = number + self.skipped
        return self.names[place - 1] if self.names else str(self.first + place - 1)

    @property
    def left(self) -> int | None:
        """How many keys there are without the skipped ones; None without a bound."""
        return None if self.size is None else self.size - self.skipped

    def describe(self) -> str:
        """Return in words where keys come from."""
        if self.names and self.size is None:
            return f"the keys of {self.text}"
        if self.size is None:
            return f"the numbers from {self.first + self.skipped} on"
        if not self.names:
            return f"the numbers {self.text}"
        return f"the {self.size} keys of {self.text}"


def key_source(text: str, skipped: int = 0, folder: str = "") -> KeySource:
    """Return the keys that a text describes: "1-5000", or a file with a key on each line.

    Args:
        text: The description; "" means the numbers from 1 on.
        skipped: How many keys at the beginning are left out.
        folder: Where a file with a relative path is; "" for the present folder.

    Raises:
        TargetError: The range is empty, the file cannot be read, or all keys are skipped.
    """
    found = _described(text, folder)
    if found.size is not None and skipped >= found.size:
        raise TargetError(
            f"target-skip-keys must be less than the {found.size} keys of {text},"
            f" got '{skipped}'; lower it"
        )
    return KeySource(found.text, found.names, found.first, found.size, skipped)


def path_in(folder: str, path: str) -> str:
    """Return a path as it is opened: from a folder, if it is relative; "~" is the home folder."""
    return os.path.join(folder, os.path.expanduser(path))  # noqa: PTH111, PTH118 - "~nobody" stays


def is_range(text: str) -> bool:
    """Return whether a description of keys is a range of numbers, and not a file."""
    return _RANGE.fullmatch(text) is not None


def _described(text: str, folder: str) -> KeySource:
    if not text:
        return KeySource()
    numbers = _RANGE.fullmatch(text)
    if numbers:
        first, last = int(numbers[1]), int(numbers[2])
        if last < first:
            raise TargetError(
                f"target-keys must be a range that rises, got {text!r}; such as 1-5000"
            )
        return KeySource(text, first=first, size=last - first + 1)
    names = _lines(text, folder)
    if not names:
        raise TargetError(f"target-keys must hold a key at least, got {text!r}, which is empty")
    return KeySource(text, names, size=len(names))


def text_of(path: str) -> str:
    """Return the text in a file, without a byte order mark.

    Raises:
        OSError: It cannot be read.
        ValueError: It is not UTF-8.
    """
    return Path(path).read_text(encoding="utf-8-sig")


def _lines(path: str, folder: str) -> tuple[str, ...]:
    try:
        content = text_of(path_in(folder, path))
    except OSError as error:
        raise TargetError(
            "target-keys must be a range such as 1-5000, or a file with a key on each line,"
            f" got {path!r}: {error.strerror}; correct it"
        ) from None
    except ValueError:
        raise TargetError(
            f"target-keys must be a file of text in UTF-8, got {path!r}; convert it"
        ) from None
    # Twice the same key would be two in every prediction, and one in the target.
    return tuple(dict.fromkeys(line for each in content.splitlines() if (line := each.strip())))
