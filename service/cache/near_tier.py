"""The near tier: entries in this process, each until its own end or until Redis says it changed."""

import math
import threading
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from service.domain.cache import CacheRead
from service.domain.expiry import grace_ms
from service.domain.fruit import Fruit
from service.domain.knobs import Knobs

# Number of groups of fruit. A change is noted for the whole group, which is then read again.
GROUPS = 1024


class NearEntry(NamedTuple):
    """One entry.

    Attributes:
        fruit: Its value; None for a cached absence.
        ends_at: When this process must ask Redis again.
        expires_at: When it expires in Redis; infinite without a TTL.
    """

    fruit: Fruit | None
    ends_at: float
    expires_at: float


class NearTier:
    """Keeps entries while Redis is known to report every change; see `Near`.

    Only whoever listens to Redis extends that time, by `trust`. So a listener that is cut off,
    or only slow, ends the use of every entry by doing nothing.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._entries: dict[int, NearEntry] = {}
        self._changes = [0] * GROUPS
        self._trusted_from, self._trusted_until = math.inf, -math.inf
        self._changing = threading.Lock()

    @property
    def is_trusted(self) -> bool:
        """Whether Redis is known to report every change at this moment."""
        return self._clock() < self._trusted_until

    def find(self, fruit_id: int) -> CacheRead | None:
        """Return an entry that is still good; None asks the cache."""
        entry = self._entries.get(fruit_id)
        if entry is None:
            return None
        now = self._clock()
        if now >= entry.ends_at or now >= self._trusted_until:
            return None
        left = entry.expires_at - now
        return CacheRead(True, entry.fruit, -1 if left == math.inf else round(left * 1000))

    def mark(self, fruit_id: int) -> int:
        """Return what changes when the entry does; taken before the cache is read."""
        return self._changes[fruit_id % GROUPS]

    def keep(self, fruit_id: int, read: CacheRead, mark: int, began: float, knobs: Knobs) -> None:
        """Keep what the cache held, unless it has changed since the mark."""
        # What was read while nobody listened may have changed before someone did.
        if not read.found or not self._trusted_from <= began < self._trusted_until:
            return
        negative = read.fruit is None
        ends_at, expires_at = began + knobs.near_seconds, math.inf
        if read.remaining_ms >= 0:
            # Redis reports an expiry up to a second late, so each entry ends by itself.
            expires_at = began + read.remaining_ms / 1000
            ends_at = min(ends_at, expires_at - grace_ms(knobs, negative=negative) / 1000)
        entry = NearEntry(read.fruit, ends_at, expires_at)
        with self._changing:
            if self._changes[fruit_id % GROUPS] != mark:
                return
            self._entries.pop(fruit_id, None)
            while len(self._entries) >= knobs.near_entries:
                del self._entries[next(iter(self._entries))]
            self._entries[fruit_id] = entry

    def drop(self, fruit_id: int) -> None:
        """Forget an entry, and refuse one that was read before now."""
        self.drop_all((fruit_id,))

    def drop_all(self, fruit_ids: Iterable[int] | None = None) -> None:
        """Forget some entries, or every one, and refuse those that were read before now."""
        with self._changing:
            if fruit_ids is None:
                self._entries.clear()
                self._changes = [count + 1 for count in self._changes]
                return
            for fruit_id in fruit_ids:
                self._changes[fruit_id % GROUPS] += 1
                self._entries.pop(fruit_id, None)

    def trust(self, since: float, seconds: float) -> None:
        """Use entries for some seconds from a moment up to which every change is reported."""
        self._trusted_from = min(self._trusted_from, since)
        self._trusted_until = since + seconds

    def distrust(self) -> None:
        """Forget everything, and use nothing until trusted again."""
        self._trusted_from, self._trusted_until = math.inf, -math.inf
        self.drop_all()
