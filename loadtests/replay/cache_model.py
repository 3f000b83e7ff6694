"""The service's cache as a model: every lookup in order of time ends as it would there."""

import heapq
import math
from array import array

import numpy as np
from numpy.typing import NDArray

from loadtests.replay.arrival_sequence import Requests
from loadtests.replay.cache_rules import CacheRules, Work, recomputes_early
from loadtests.replay.near_model import NearModel
from loadtests.service_under_test.contract import SERVICE_RESULTS
from loadtests.traffic.outside_ids import FIRST_MISSING_ID

HIT, NEAR, STALE, NEGATIVE, MISS, COALESCED, BYPASS, _ERROR = range(len(SERVICE_RESULTS))
GENERATION_SECONDS = 30.0
"""How long the service remembers a write."""

_FEWEST_FORGOTTEN = 1024
_ROUNDING_SECONDS = 1.0
_NO_ENTRY = -1.0
_NEWEST_WEIGHT = 0.2  # As the service weighs the newest load in its mean.

_Pending = tuple[float, int, float, int | None]
"""When it happens, its number, the remaining TTL that its load saw, and the era of that load; a
deletion has no era."""


class _Item:
    """What the cache and the processes hold of one id.

    Loads of one era share a token, which the first of their fills takes away unless a write made
    it, and every write replaces.
    """

    __slots__ = ("ends", "era", "flights", "pending", "refreshed_at", "written_until")

    def __init__(self, ends: float) -> None:
        self.ends = ends
        self.era = 0
        self.pending: list[_Pending] = []
        self.flights: dict[int, tuple[int, float]] = {}
        self.refreshed_at = -math.inf
        self.written_until = -math.inf


class CacheModel:
    """Answers lookups and takes writes, which must come in order of time.

    A load begins when its lookup comes, and its fill is visible D later. Loads, refreshes and
    waiting lookups are not bounded in number, and neither Redis nor the database fails.

    Args:
        rules: The knobs.
        work: How long loads and writes take.
        warm_until: When the entries end that were there before the first lookup; None if there
            were none.

    Attributes:
        answers: When each lookup was answered, since they were given away.
        results: Its result as an index of SERVICE_RESULTS.
        loads: When each read of the store ended, background refreshes included.
    """

    def __init__(self, rules: CacheRules, work: Work, warm_until: float | None = None) -> None:
        self.answers = array("d")
        self.results = array("B")
        self.loads = array("d")
        self._rules = rules
        self._work = work
        self._warm_until = -math.inf if warm_until is None else warm_until
        self._items: dict[int, _Item] = {}
        self._means: dict[int, float] = {}
        self._near = NearModel()
        self._numbers = 0
        self._forgets_at = _FEWEST_FORGOTTEN

    def change(self, at: float, rules: CacheRules, work: Work) -> None:
        """Let other knobs be in force from a time on; entries keep their end in Redis."""
        for key, item in self._items.items():
            self._settle(item, key, at)
        self._rules = rules
        self._work = work
        if not rules.near_seconds:
            self._near = NearModel()

    def take(self, requests: Requests) -> None:
        """Answer lookups and take writes."""
        look_up, write = self.look_up, self.write
        columns = (column.tolist() for column in requests)
        for at, key, is_write, replica in zip(*columns, strict=True):
            if is_write:
                write(at, key)
            else:
                look_up(at, key, replica)

    def give_away(self) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Return when lookups were answered, and how, and keep no answer and no load."""
        given = np.array(self.answers), np.array(self.results)
        for kept in (self.answers, self.results, self.loads):
            del kept[:]
        return given

    def forget(self, at: float) -> None:
        """Forget the missing ids of which nothing is held; no lookup comes before a time.

        A catalogue has an end, but missing ids may be new ones for as long as the run lasts.
        """
        if len(self._items) < self._forgets_at:
            return
        over = [
            key
            for key, item in self._items.items()
            if key >= FIRST_MISSING_ID and self._is_over(item, key, at - _ROUNDING_SECONDS)
        ]
        for key in over:
            del self._items[key]
        self._forgets_at = max(_FEWEST_FORGOTTEN, 2 * len(self._items))

    def look_up(self, at: float, key: int, process: int = 0) -> None:
        """Answer a lookup.

        Args:
            at: Seconds since the run's start.
            key: The id.
            process: Number of the service's process that has the lookup.
        """
        if self._rules.ttl_seconds == 0:
            self._answer(BYPASS, self._load(at, process))
            return
        item = self._item(key)
        if item.pending:
            self._settle(item, key, at)
        left = item.ends - at
        if left > 0:
            self._serve(item, key, at, left, process)
        else:
            self._miss(item, at, process)

    def write(self, at: float, key: int) -> None:
        """Take a write of an id."""
        if not self._rules.invalidates:
            return
        item, rules = self._item(key), self._rules
        # A lookup may never do it, and its time matters only to draws and to a near tier.
        if rules.ttl_seconds == 0 or not (rules.jitter_ratio or rules.near_seconds):
            self._settle(item, key, at)
        self._add(item, at + self._work.write, _NO_ENTRY, None)

    def _item(self, key: int) -> _Item:
        item = self._items.get(key)
        if item is None:
            item = self._items[key] = _Item(self._warm_until)
        return item

    def _is_over(self, item: _Item, key: int, at: float) -> bool:
        """Return whether a missing id is as if nobody had ever asked for it."""
        fills = [lands_at for lands_at, *_ in item.pending]
        fills += [lands_at for _, lands_at in item.flights.values()]
        last = max(fills, default=-math.inf) + self._rules.negative_ttl_seconds + self._work.tick
        return max(item.ends, last, self._warm_until) <= at and not self._near.holds(key)

    def _answer(self, result: int, at: float) -> None:
        self.results.append(result)
        self.answers.append(at)

    def _serve(self, item: _Item, key: int, at: float, left: float, process: int) -> None:
        negative, rules = key >= FIRST_MISSING_ID, self._rules
        stale = not negative and left <= rules.grace_seconds + self._work.tick
        near = rules.near_seconds > 0 and self._near.find(process, key, at)
        if rules.near_seconds and not near:
            fresh = left if negative else left - rules.grace_seconds
            lasts = min(rules.near_seconds, fresh)
            self._near.keep(process, key, at + lasts, rules.near_entries)
        if stale and rules.grace_seconds:
            if at >= item.refreshed_at:
                item.refreshed_at = self._fill(item, at, left, process)
            self._answer(STALE, at)
            return
        self._answer(NEGATIVE if negative else NEAR if near else HIT, at)
        if rules.protection == "early":
            mean = self._means.get(process)
            draw = self._work.draw()
            if mean is not None and recomputes_early(left, mean, rules.early_beta, draw):
                self._fill(item, at, left, process)

    def _miss(self, item: _Item, at: float, process: int) -> None:
        protection = self._rules.protection
        if protection in ("none", "early"):
            self._answer(MISS, self._fill(item, at, _NO_ENTRY, process))
            return
        sharers = 0 if protection == "lease" else process
        era, lands_at = item.flights.get(sharers, (-1, -math.inf))
        if lands_at > at and era == (item.era if self._rules.fenced else era):
            self._answer(COALESCED, lands_at)
            return
        lands_at = self._fill(item, at, _NO_ENTRY, process)
        item.flights[sharers] = (item.era, lands_at)
        self._answer(MISS, lands_at)

    def _load(self, at: float, process: int) -> float:
        seconds = self._work.fill()
        mean = self._means.get(process, seconds)
        self._means[process] = mean + _NEWEST_WEIGHT * (seconds - mean)
        self.loads.append(at + seconds)
        return at + seconds

    def _fill(self, item: _Item, at: float, seen: float, process: int) -> float:
        """Load and fill; return when both are done."""
        lands_at = self._load(at, process)
        self._add(item, lands_at, seen, item.era)
        return lands_at

    def _add(self, item: _Item, at: float, seen: float, era: int | None) -> None:
        self._numbers += 1
        heapq.heappush(item.pending, (at, self._numbers, seen, era))

    def _settle(self, item: _Item, key: int, until: float) -> None:
        """Let everything happen to an item that was due up to a time."""
        rules = self._rules
        while item.pending and item.pending[0][0] <= until:
            at, _, seen, era = heapq.heappop(item.pending)
            if era is None:
                item.ends = -math.inf
                item.era += 1
                item.written_until = at + GENERATION_SECONDS
                self._near.drop(key)
                continue
            left = item.ends - at
            # An entry with a longer TTL than the load saw was written by another load since.
            if (era != item.era and rules.fenced) or left > max(seen, 0.0):
                continue
            if at >= item.written_until:
                item.era += 1
            life = self._life(key)
            if life:
                item.ends = at + life + self._work.tick / 2
                self._near.drop(key)

    def _life(self, key: int) -> float:
        rules = self._rules
        if key >= FIRST_MISSING_ID:
            return rules.negative_ttl_seconds
        spread = 2.0 * self._work.draw() - 1.0 if rules.jitter_ratio else 0.0
        return rules.ttl_seconds * (1.0 + rules.jitter_ratio * spread) + rules.grace_seconds
