"""What goes over a connection to Redis and comes back, whichever kind of Redis it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Command = tuple[str | int | bytes, ...]
Late = Callable[[list[Any]], None]


class NoReplyError(Exception):
    """Redis did not answer; whether it did what it was told is not known."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reply to a command that Redis understood and did not carry out."""

    reason: str
    is_unknown_script: bool = False

    @property
    def is_wrong_type(self) -> bool:
        """Whether the key is there, but holds another type than the command reads."""
        return self.reason.startswith("WRONGTYPE")


class Connections(Protocol):
    """Sends commands that belong to one key and gives their replies in order."""

    def exchange(
        self, key: str, commands: Sequence[Command], late: Late | None, *, patient: bool
    ) -> list[Any]:
        """Send all commands at once.

        A refused command's reply is a `Refusal`.

        Args:
            key: A key of the slot that all commands are for; empty when there is no such slot.
            commands: What to send.
            late: Gets the replies should they come after this call has given up.
            patient: Whether to wait as long as is ever waited, not as long as is usual.

        Raises:
            NoReplyError: Not all replies came in time.
        """

    def scan(self, pattern: str) -> list[bytes]:
        """List the keys that match, on every node.

        Raises:
            NoReplyError: Not all replies came in time.
        """

    def close(self) -> None:
        """Close all connections."""
