"""The oracle: remembers every write of a run and judges every read against them.

All reads and writes of a key pass through one oracle (`operations.Keys`), so it knows what was
acknowledged before a read began. A write whose outcome is unknown never makes a read stale.
"""

import math
from dataclasses import dataclass, field
from enum import Enum


class Verdict(Enum):
    """What is wrong with a read; FRESH: nothing."""

    FRESH = "fresh"
    STALE = "stale"
    NEVER_WRITTEN = "never-written"
    REGRESSED = "regressed"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One judged read.

    Attributes:
        verdict: What is wrong with it.
        stale_seconds: For how long the value had been superseded when the read began; None
            unless stale or regressed.
    """

    verdict: Verdict
    stale_seconds: float | None = None


@dataclass(slots=True)
class Version:
    """One value of a key. Times in seconds since the run's start.

    Attributes:
        quantity: The value; no two of a key are equal.
        began: When its write was sent; minus infinity for what was not written here.
        acknowledged: When that was answered; infinity as long as it is not.
    """

    quantity: int
    began: float
    acknowledged: float = math.inf


@dataclass(slots=True)
class _History:
    versions: list[Version] = field(default_factory=list)
    before: dict[int, Version] = field(default_factory=dict)
    newest_seen: Version | None = None
    seen_at: float = math.inf  # when the first read of the newest seen version ended


class Oracle:
    """Judges the reads of one reader.

    Args:
        first_quantity: The run's first value; later runs must not come back to the values of
            earlier ones, or leftovers could pass for writes.
        settled_at: Until then others, who had the keys before, may still write; reads that begin
            before that and return a value not written here are not judged, and later ones may
            find any that they left. Seconds since the run's start; minus infinity where nobody
            had them: then each key has one value from before.
    """

    def __init__(self, first_quantity: int, settled_at: float = -math.inf) -> None:
        self._next_quantity = first_quantity
        self._settled_at = settled_at
        self._histories: dict[int, _History] = {}

    def begin_write(self, key: int, now: float) -> Version:
        """Return the version that a write of *key*, sent *now*, makes."""
        version = Version(self._next_quantity, now)
        self._next_quantity += 1
        self._history(key).versions.append(version)
        return version

    def acknowledge(self, version: Version, now: float) -> None:
        """Note that the write of *version* was answered *now*, and did happen."""
        version.acknowledged = now

    def judge(self, key: int, quantity: int, began: float, ended: float) -> Judgement | None:
        """Judge a read of *key* that returned *quantity*; None where that cannot be done."""
        history = self._history(key)
        version = _written(history, quantity)
        if version is None:
            if began < self._settled_at:
                return None
            version = self._from_before(history, quantity)
        if version is None:
            return Judgement(Verdict.NEVER_WRITTEN)
        newest = history.newest_seen
        regressed = _is_older(version, newest) and history.seen_at <= began
        if newest is None or _is_older(newest, version):
            history.newest_seen, history.seen_at = version, ended
        superseded = _superseded_at(history.versions, version)
        stale_seconds = began - superseded if superseded <= began else None
        if regressed:
            return Judgement(Verdict.REGRESSED, stale_seconds)
        return Judgement(Verdict.FRESH if stale_seconds is None else Verdict.STALE, stale_seconds)

    def _from_before(self, history: _History, quantity: int) -> Version | None:
        """Take an unknown value for what was there before us; without others only the first."""
        others = self._settled_at > -math.inf
        if quantity not in history.before and (others or not history.before):
            history.before[quantity] = Version(quantity, -math.inf, self._settled_at)
        return history.before.get(quantity)

    def _history(self, key: int) -> _History:
        return self._histories.setdefault(key, _History())


def _written(history: _History, quantity: int) -> Version | None:
    for version in reversed(history.versions):
        if version.quantity == quantity:
            return version
    return None


def _superseded_at(versions: list[Version], version: Version) -> float:
    """Return when the first write that began after *version* was acknowledged itself was."""
    superseded = math.inf
    for other in reversed(versions):
        if other.began < version.acknowledged:
            break
        superseded = min(superseded, other.acknowledged)
    return superseded


def _is_older(version: Version, other: Version | None) -> bool:
    return other is not None and other is not version and version.acknowledged <= other.began
