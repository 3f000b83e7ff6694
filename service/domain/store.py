"""The port of the store: the table of fruit that the cache stands in front of."""

from enum import StrEnum
from typing import Protocol

from service.domain.fruit import Fruit


class StoreUnavailableError(Exception):
    """The store did not answer, is not asked, or has too many waiting for it.

    Args:
        message: What happened, in words that name no server and no user.
        cause: The driver's own words, which may name both; empty when there are none.
    """

    def __init__(self, message: str, cause: str = "") -> None:
        super().__init__(message)
        self.cause = cause

    @property
    def full(self) -> str:
        """What happened and why, for the log and for those who may control the service."""
        return f"{self}: {self.cause}" if self.cause else str(self)


class StoreRefusedError(StoreUnavailableError):
    """The store answered but did not carry out the statement (a deadlock, say)."""


class UnservableRowError(StoreRefusedError):
    """A row is no fruit, and will not be one at the next try."""


class WriteNotAcceptedError(StoreRefusedError):
    """The store's table does not accept a write, at the next try neither.

    Attributes:
        is_denied: Whether the user may not write; otherwise the value does not fit.
    """

    def __init__(self, message: str, cause: str = "", *, is_denied: bool) -> None:
        super().__init__(message, cause)
        self.is_denied = is_denied


class ShadowOutcome(StrEnum):
    """What the store had when a hit was read again: the same, another row, or none."""

    EQUAL = "equal"
    STALE = "stale"
    GONE = "gone"


class Store(Protocol):
    """Reads and writes rows; every method but `problem` raises `StoreUnavailableError`.

    After that error of a write, unless it is `StoreRefusedError`, the write may or may not be done.
    """

    def find(self, fruit_id: int, delay_seconds: float) -> Fruit | None:
        """Read a row; None when there is none.

        Args:
            fruit_id: Which row.
            delay_seconds: Sleep after the read, to stand for a remote or busy database.
        """

    def read_again(self, fruit_id: int) -> Fruit | None:
        """Read a row to compare it with what was served; counted apart from loads."""

    def replace(self, fruit: Fruit) -> bool:
        """Write a row, committed, and return whether it is new."""

    def delete(self, fruit_id: int) -> bool:
        """Delete a row, committed, and return whether it existed."""

    def fill_catalogue(self, items: int) -> int:
        """Add the missing rows of ids 1 to `items` and return how many that were."""

    def problem(self) -> str | None:
        """Return what keeps the store from serving; None when nothing does."""
