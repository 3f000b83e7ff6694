"""Remembers every write of a run and judges every read against them.

All reads and writes of a key pass through one oracle (`operations.Keys`), so it knows what was
acknowledged before a read began. A write whose outcome is unknown never makes a read stale.
Its memory does not grow with the length of the run: see `PastVersions`.
"""

import math
from bisect import bisect_left
from dataclasses import dataclass, field
from enum import Enum

from loadtests.sender.past_versions import MOST_PAST_VERSIONS, PastVersions, Version

VISIBLE_SECONDS = 1.0
"""This long after a write a read of its key shows whether the write is visible by then."""

VISIBLE_TOLERANCE = 0.2
"""A read counts that comes this share of those seconds earlier or later."""

SETTLED_SECONDS = 60.0
"""No write is answered later than that, so a value superseded for so long changes no more."""


class Verdict(Enum):
    """The fault of a read; FRESH is none."""

    FRESH = "fresh"
    STALE = "stale"
    NEVER_WRITTEN = "never-written"
    REGRESSED = "regressed"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One judged read.

    Attributes:
        verdict: Its fault.
        stale_seconds: How long the value had been superseded when the read began; None if it had
            not been.
        shows_write: Whether it shows a write that was acknowledged about VISIBLE_SECONDS before;
            None if there was none.
    """

    verdict: Verdict
    stale_seconds: float | None = None
    shows_write: bool | None = None


@dataclass(slots=True)
class _History:
    first: int | None = None  # Number of the first write.
    versions: list[Version] = field(default_factory=list)  # Without those that are past.
    before: dict[int, Version] = field(default_factory=dict)
    before_superseded: float = math.inf  # When past versions superseded these.
    newest_seen: Version | None = None
    seen_at: float = math.inf  # When the first read of the newest seen version ended.


class Oracle:
    """Judges the reads of the keys that one process owns.

    Args:
        first_quantity: The first value that is written. Runs must not reuse the values of earlier
            ones, or a value left from one of those could pass for a write of this run.
        settled_at: Until then earlier owners of the keys may still write, seconds since the run's
            start. Reads that begin earlier and return a value not written here are not judged;
            later ones may return any value that was left. Minus infinity if the keys had no earlier
            owner; each key then has one value from before the run.
        most_past: How many of the last writes are remembered exactly.
    """

    def __init__(
        self,
        first_quantity: int,
        settled_at: float = -math.inf,
        *,
        most_past: int = MOST_PAST_VERSIONS,
    ) -> None:
        self._past = PastVersions(first_quantity, most_past)
        self._settled_at = settled_at
        self._histories: dict[int, _History] = {}

    def begin_write(self, key: int, now: float) -> Version:
        """Return the version that a write of *key* creates, which is sent *now*."""
        history, version = self._history(key), Version(self._past.number(key), now)
        if history.first is None:
            history.first = version.quantity
        self._settle(history, now - SETTLED_SECONDS)
        history.versions.append(version)
        return version

    def acknowledge(self, version: Version, now: float) -> None:
        """Record that the write of *version* was acknowledged *now*."""
        version.acknowledged = now

    def judge(
        self, key: int, quantity: int, began: float, ended: float, *, bypassed: bool = False
    ) -> Judgement | None:
        """Judge a read of *key* that returned *quantity*; return None if it cannot be judged.

        A read that *bypassed* the cache may see a write before the cache does, so reads of the
        cache that come after it may be older.
        """
        history = self._history(key)
        found = self._find(history, key, quantity, began)
        if found is None:
            return None if began < self._settled_at else Judgement(Verdict.NEVER_WRITTEN)
        version, superseded = found
        newest = history.newest_seen
        regressed = _is_older(version, newest) and history.seen_at <= began
        is_known = version.began > -math.inf or quantity in history.before
        if is_known and not bypassed and (newest is None or _is_older(newest, version)):
            history.newest_seen, history.seen_at = version, ended
        stale_seconds = began - superseded if superseded <= began else None
        verdict = Verdict.FRESH if stale_seconds is None else Verdict.STALE
        if regressed:
            verdict = Verdict.REGRESSED
        return Judgement(verdict, stale_seconds, _shows_write(history.versions, version, began))

    def _find(
        self, history: _History, key: int, quantity: int, began: float
    ) -> tuple[Version, float] | None:
        """Return what a read of a key showed, and when it was superseded; None if unknown."""
        for version in reversed(history.versions):
            if version.quantity == quantity:
                return version, _superseded_at(history.versions, version)
        if history.first is not None:
            past = self._past.find(key, quantity, history.first)
            if past is not None:
                return past
        before = self._from_before(history, quantity) if began >= self._settled_at else None
        if before is None:
            return None
        superseded = _superseded_at(history.versions, before)
        return before, min(superseded, history.before_superseded)

    def _from_before(self, history: _History, quantity: int) -> Version | None:
        """Return an unknown value as one from before; without an earlier owner only the first."""
        had_owner = self._settled_at > -math.inf
        if quantity not in history.before and (had_owner or not history.before):
            history.before[quantity] = Version(quantity, -math.inf, self._settled_at)
        return history.before.get(quantity)

    def _settle(self, history: _History, until: float) -> None:
        """Move the versions to the past that were superseded, or not answered, by some time."""
        versions, place = history.versions, 0
        while place < min(2, len(versions) - 1):
            version = versions[place]
            superseded = _superseded_at(versions, version, place + 1)
            if superseded > until and (version.acknowledged < math.inf or version.began > until):
                place += 1  # What follows may be writes that were never answered.
                continue
            self._past.keep(version, superseded)
            if version.began >= self._settled_at:
                before = min(history.before_superseded, version.acknowledged)
                history.before_superseded = before
            del versions[place]

    def _history(self, key: int) -> _History:
        return self._histories.setdefault(key, _History())


def _superseded_at(versions: list[Version], version: Version, first: int = 0) -> float:
    """Return the earliest acknowledgement of the writes that began after that of *version*.

    Args:
        versions: In the order in which they began.
        version: Any.
        first: Place of the first that can have begun later.
    """
    superseded = math.inf
    first = bisect_left(versions, version.acknowledged, first, key=lambda each: each.began)
    for place in range(first, len(versions)):
        other = versions[place]
        if other.began >= superseded:
            break
        superseded = min(superseded, other.acknowledged)
    return superseded


def _shows_write(versions: list[Version], version: Version, began: float) -> bool | None:
    """Return whether *version* is no older than the write nearest to VISIBLE_SECONDS ago."""
    wanted = began - VISIBLE_SECONDS
    place = bisect_left(versions, wanted, key=lambda each: each.began)
    near = [each for each in versions[max(0, place - 1) : place + 1] if each.acknowledged <= began]
    if not near:
        return None
    nearest = min(near, key=lambda each: abs(each.acknowledged - wanted))
    if abs(nearest.acknowledged - wanted) > VISIBLE_TOLERANCE * VISIBLE_SECONDS:
        return None
    return not _is_older(version, nearest)


def _is_older(version: Version, other: Version | None) -> bool:
    if other is None or other.quantity == version.quantity:
        return False
    return version.acknowledged <= other.began
