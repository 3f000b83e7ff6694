"""The near tiers of the service's processes as a model."""

from collections import defaultdict


class NearModel:
    """What each process keeps of what it read from Redis, until when."""

    def __init__(self) -> None:
        self._ends: defaultdict[int, dict[int, float]] = defaultdict(dict)

    def find(self, process: int, key: int, at: float) -> bool:
        """Return whether a process answers a lookup by itself."""
        return self._ends[process].get(key, at) > at

    def holds(self, key: int) -> bool:
        """Return whether some process keeps what it read of an id, even if that has ended."""
        return any(key in kept for kept in self._ends.values())

    def keep(self, process: int, key: int, ends: float, entries: float) -> None:
        """Let a process keep what it read; a full tier drops what was read first.

        Args:
            process: Its number.
            key: The id.
            ends: When it asks Redis again.
            entries: How many it keeps at most.
        """
        kept = self._ends[process]
        kept.pop(key, None)
        while len(kept) >= entries:
            del kept[next(iter(kept))]
        kept[key] = ends

    def drop(self, key: int) -> None:
        """Let every process forget an entry that changed in Redis."""
        for kept in self._ends.values():
            kept.pop(key, None)
