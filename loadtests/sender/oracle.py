"""Remembers every write of a run and judges every read against them.

All reads and writes of a key pass through one oracle (`operations.Keys`), so it knows what was
acknowledged before a read began. A write whose outcome is unknown never makes a read stale.
"""

import math
from bisect import bisect_left
from dataclasses import dataclass, field
from enum import Enum

VISIBLE_SECONDS = 1.0
"""This long after a write a read of its key shows whether the write is visible by then."""

VISIBLE_TOLERANCE = 0.2
"""A read counts that comes this share of those seconds earlier or later."""


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
class Version:
    """One value of a key. Times in seconds since the run's start.

    Attributes:
        quantity: The value; all values of a key differ.
        began: When its write was sent; minus infinity if it was not written here.
        acknowledged: When its write was answered; infinity until then.
    """

    quantity: int
    began: float
    acknowledged: float = math.inf


@dataclass(slots=True)
class _History:
    versions: list[Version] = field(default_factory=list)
    before: dict[int, Version] = field(default_factory=dict)
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
    """

    def __init__(self, first_quantity: int, settled_at: float = -math.inf) -> None:
        self._next_quantity = first_quantity
        self._settled_at = settled_at
        self._histories: dict[int, _History] = {}

    def begin_write(self, key: int, now: float) -> Version:
        """Return the version that a write of *key* creates, which is sent *now*."""
        version = Version(self._next_quantity, now)
        self._next_quantity += 1
        self._history(key).versions.append(version)
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
        version = _find_written(history, quantity)
        if version is None:
            if began < self._settled_at:
                return None
            version = self._from_before(history, quantity)
        if version is None:
            return Judgement(Verdict.NEVER_WRITTEN)
        newest = history.newest_seen
        regressed = _is_older(version, newest) and history.seen_at <= began
        if not bypassed and (newest is None or _is_older(newest, version)):
            history.newest_seen, history.seen_at = version, ended
        superseded = _superseded_at(history.versions, version)
        stale_seconds = began - superseded if superseded <= began else None
        verdict = Verdict.FRESH if stale_seconds is None else Verdict.STALE
        if regressed:
            verdict = Verdict.REGRESSED
        return Judgement(verdict, stale_seconds, _shows_write(history.versions, version, began))

    def _from_before(self, history: _History, quantity: int) -> Version | None:
        """Return an unknown value as one from before; without an earlier owner only the first."""
        had_owner = self._settled_at > -math.inf
        if quantity not in history.before and (had_owner or not history.before):
            history.before[quantity] = Version(quantity, -math.inf, self._settled_at)
        return history.before.get(quantity)

    def _history(self, key: int) -> _History:
        return self._histories.setdefault(key, _History())


def _find_written(history: _History, quantity: int) -> Version | None:
    for version in reversed(history.versions):
        if version.quantity == quantity:
            return version
    return None


def _superseded_at(versions: list[Version], version: Version) -> float:
    """Return the earliest acknowledgement of the writes that began after that of *version*."""
    superseded = math.inf
    for other in reversed(versions):
        if other.began < version.acknowledged:
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
    return other is not None and other is not version and version.acknowledged <= other.began
