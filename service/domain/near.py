"""The port of the near tier: entries that this process keeps in front of the cache for a moment."""

from typing import Protocol

from service.domain.cache import CacheRead
from service.domain.knobs import Knobs


class Near(Protocol):
    """Entries of this process, dropped as soon as the cache says that they changed."""

    def find(self, fruit_id: int) -> CacheRead | None:
        """Return an entry that is still good; None asks the cache."""

    def mark(self, fruit_id: int) -> int:
        """Return what changes when the entry does; taken before the cache is read."""

    def keep(self, fruit_id: int, read: CacheRead, mark: int, began: float, knobs: Knobs) -> None:
        """Keep what the cache held, unless it has changed since the mark.

        Args:
            fruit_id: Which fruit.
            read: What the cache held.
            mark: From before the cache was read.
            began: A time before it was read.
            knobs: In force; they bound the time and the number of entries.
        """
