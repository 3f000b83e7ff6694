"""The keys of logs: each has a number and a class."""

import re
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from loadtests.request_logs.formats.request import key_filter
from loadtests.request_logs.key_numbers import KeyNumbers, hashes_of
from loadtests.request_logs.request_rows import RequestRows, packed

Number = TypeVar("Number", np.int16, np.int32)
MOST_CLASSES = 50
OTHER_CLASS = "other"
LONGEST_CLASS = 60
NO_KEY_FOUND = -1


def printable(name: str) -> str:
    """Return a name from a log as a terminal and a page can show it."""
    return "".join(sign if sign.isprintable() else "�" for sign in name[:LONGEST_CLASS])


class LoggedKeys:
    """Numbers the keys of logs from 0 in the order in which they appear, and classes them.

    Args:
        on_new: Called with the number of the first of some new keys, and their texts.
    """

    def __init__(self, on_new: Callable[[int, list[str]], None] | None = None) -> None:
        self._on_new = on_new
        self._numbers = KeyNumbers()
        self._class_of_key = np.zeros(0, dtype=np.int16)
        self._classes: dict[str, int] = {}

    @property
    def class_names(self) -> list[str]:
        """Names of the classes, by their numbers."""
        return list(self._classes)

    @property
    def key_classes(self) -> NDArray[np.int16]:
        """Number of the class of each key."""
        return self._class_of_key[: self._numbers.count]

    def number(
        self,
        hashes: NDArray[np.int64],
        texts_of: Callable[[NDArray[np.int64]], list[str]],
        class_of: Callable[[str], str],
    ) -> NDArray[np.int32]:
        """Return the numbers of the keys with these hashes.

        Args:
            hashes: In the order of requests.
            texts_of: Returns the keys at some places, which are new.
            class_of: Returns the class of a key.
        """
        before = self._numbers.count
        numbers, firsts = self._numbers.number(hashes)
        count = self._numbers.count
        self._class_of_key = _with_room(self._class_of_key, count)
        texts = texts_of(firsts)
        self._class_of_key[before:count] = [*map(self._class_number, map(class_of, texts))]
        if self._on_new:
            self._on_new(before, texts)
        return numbers

    def _class_number(self, name: str) -> int:
        number = self._classes.get(name)
        if number is None:
            name = printable(name)
            if name not in self._classes and len(self._classes) >= MOST_CLASSES:
                name = OTHER_CLASS
            number = self._classes.setdefault(name, len(self._classes))
        return number


class KeyReader:
    """Numbers the keys of one log, of which regexes may take the key and its class.

    Args:
        keys: Of all logs that are read together.
        key_regex: Takes the key out of what stands in its place; None takes all of it.
        class_regex: Takes the class out of a key; None takes what stands before its first colon, or
            the first folder of a path.
    """

    def __init__(
        self,
        keys: LoggedKeys,
        key_regex: re.Pattern[str] | None,
        class_regex: re.Pattern[str] | None,
    ) -> None:
        self._keys = keys
        self._key_of = key_filter(key_regex)
        self._class_of = _class_filter(class_regex)
        # A regex is asked once for each text.
        self._texts = KeyNumbers() if key_regex else None
        self._key_of_text = np.zeros(0, dtype=np.int32)

    def has_key(self, text: str) -> bool:
        """Return whether there is a key in a text."""
        return self._key_of(text) is not None

    def number(self, rows: RequestRows) -> NDArray[np.int32]:
        """Return the number of each request's key; `NO_KEY_FOUND` if the regex finds none."""
        hashes = hashes_of(rows.text, rows.keys)
        if self._texts is None:
            return self._keys.number(hashes, rows.key_texts, self._class_of)
        texts, firsts = self._texts.number(hashes)
        self._key_of_text = _with_room(self._key_of_text, self._texts.count)
        if firsts.size:
            self._key_of_text[texts[firsts]] = self._numbered(
                [*map(self._key_of, rows.key_texts(firsts))]
            )
        return self._key_of_text[texts]

    def _numbered(self, keys: list[str | None]) -> NDArray[np.int32]:
        found = [key for key in keys if key is not None]
        numbers = np.full(len(keys), NO_KEY_FOUND, dtype=np.int32)
        numbers[[key is not None for key in keys]] = self._keys.number(
            hashes_of(*packed(found)),
            lambda places: [found[place] for place in places],
            self._class_of,
        )
        return numbers


def _with_room(values: NDArray[Number], count: int) -> NDArray[Number]:
    """Return *values* with room for *count*: a copy with twice that if they have too little."""
    if count <= values.size:
        return values
    grown = np.zeros(2 * count, dtype=values.dtype)
    grown[: values.size] = values
    return grown


def _class_filter(pattern: re.Pattern[str] | None) -> Callable[[str], str]:
    if pattern is None:
        return _usual_class
    take = key_filter(pattern)
    return lambda key: take(key) or ""


def _usual_class(key: str) -> str:
    """Return what stands before the first colon, or the first folder of a path; else nothing."""
    if key.startswith("/"):
        folder, slash, _ = key[1:].partition("/")
        return folder if slash else ""
    name, colon, _ = key.partition(":")
    return name if colon and "/" not in name else ""
