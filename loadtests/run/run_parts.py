"""The parts of a run: each lasts as long as the knobs and the traffic stay as they are."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from loadtests.prediction.measuring_window import DISCARDED_LIVES, longest_life
from loadtests.prediction.stale_reads import Staleness, predicted_staleness
from loadtests.prediction.steady_state import Traffic, predicted_hit_ratio
from loadtests.replay.replay_so_far import ReplaySoFar
from loadtests.sender.oracle import VISIBLE_SECONDS, VISIBLE_TOLERANCE
from loadtests.sender.timeline import Timeline
from loadtests.service_under_test.contract import Knob, count_cache_lookups, hit_ratio

_SAME_CHANGE_SECONDS = 1.0


@dataclass(frozen=True)
class Sent:
    """What a run sends, as far as it is known beforehand.

    Attributes:
        traffic: As the prediction needs it; None where it makes no prediction.
        missing: Whether ids that do not exist are asked for.
        load: The load flags that an edit may change, by name.
    """

    traffic: Traffic | None = None
    missing: bool = False
    load: Mapping[str, float | int | str] | None = None

    @property
    def replays_trace(self) -> bool:
        """Whether a trace is replayed, which theory follows exactly from an empty cache on."""
        return self.traffic is not None and self.traffic.reads is not None


@dataclass(frozen=True)
class Part:
    """One part of a run.

    Attributes:
        begins: Seconds after the start of the run.
        warm_from: From when on the cache is as it stays, in seconds after the start of the run:
            it holds no entry, and lacks none, because of what was before. Infinite if unknown.
        knobs: In force on the service; empty if unknown.
        sent: What is sent.
        changes: What changed since the part before, in words; empty for the first part.
    """

    begins: float
    warm_from: float
    knobs: Mapping[str, Knob]
    sent: Sent
    changes: tuple[str, ...] = ()

    @cached_property
    def predicted_hit_ratio(self) -> float | None:
        """The hit ratio that theory predicts once the cache is warm; None without a formula."""
        if self.sent.traffic is None or "ttl_seconds" not in self.knobs:
            return None
        return predicted_hit_ratio(self.sent.traffic, self.knobs)

    @cached_property
    def predicted_staleness(self) -> Staleness | None:
        """How stale reads should be; None where theory makes no prediction."""
        if self.sent.traffic is None or "ttl_seconds" not in self.knobs:
            return None
        return predicted_staleness(
            self.sent.traffic, self.knobs, VISIBLE_SECONDS, VISIBLE_TOLERANCE
        )


@dataclass(frozen=True)
class PartFigures:
    """What was measured in a part of a run.

    Attributes:
        part: The part.
        ends: Seconds after the start of the run.
        hit_ratio: Over the whole part; None without lookups of the cache.
        warm_hit_ratio: Once the cache was warm; None if the part ended before, or had no lookups
            of the cache then.
        warm_lookups: Lookups of the cache once it was warm.
        replayed_hit_ratio: Of the replay of its arrivals, over the warm time, or over the whole
            part if it was never warm; None if unknown.
    """

    part: Part
    ends: float
    hit_ratio: float | None
    warm_hit_ratio: float | None
    warm_lookups: int
    replayed_hit_ratio: float | None = None

    @property
    def is_cold(self) -> bool:
        """Whether the part ended before the cache was warm."""
        return self.part.warm_from >= self.ends


class Parts:
    """The parts of one run."""

    def __init__(self) -> None:
        self._parts: list[Part] = []

    def __iter__(self) -> Iterator[Part]:
        """Yield the parts in order."""
        return iter(self._parts)

    def __len__(self) -> int:
        """Return how many parts there are."""
        return len(self._parts)

    @property
    def first(self) -> Part | None:
        """The part with which the run began; None before that."""
        return self._parts[0] if self._parts else None

    @property
    def last(self) -> Part | None:
        """The present part; None before the run began."""
        return self._parts[-1] if self._parts else None

    @property
    def predicted_staleness(self) -> Staleness | None:
        """How stale the reads of the present part should be; None where that is unknown."""
        return self._parts[-1].predicted_staleness if self._parts else None

    @property
    def first_warm(self) -> float:
        """From when on some part is warm, in seconds after the start; infinite if none is yet."""
        warm = [part.warm_from for part, ends in self._with_ends(math.inf) if part.warm_from < ends]
        return min(warm, default=math.inf)

    def note(self, at: float, knobs: Mapping[str, Knob], sent: Sent) -> None:
        """Begin a part if *knobs* or what is *sent* differ from those of the present one.

        Args:
            at: Seconds after the start of the run.
            knobs: In force from now on.
            sent: From now on.
        """
        before = self.last
        if before is None:
            self._parts.append(Part(at, at + _warming(knobs, sent), dict(knobs), sent))
            return
        changes = (*_changes(before.knobs, knobs), *_changes(before.sent.load, sent.load))
        if not changes:
            return
        if before.changes and at - before.begins < _SAME_CHANGE_SECONDS:
            # One edit changes the knobs first and the load a moment later.
            at, changes = before.begins, (*before.changes, *changes)
            self._parts.pop()
        warm_from = max(at + _warming(knobs, sent), 0.0 if sent.replays_trace else self._rest(at))
        self._parts.append(Part(at, warm_from, dict(knobs), sent, changes))

    def _rest(self, at: float) -> float:
        """Return until when an entry may live that was filled before *at*."""
        return max(ends + _life(part.knobs, part.sent) for part, ends in self._with_ends(at))

    def figures(self, timeline: Timeline, ended: float) -> tuple[PartFigures, ...]:
        """Return what was measured in each part of a run that lasted until *ended*."""
        return tuple(_measure(part, ends, timeline) for part, ends in self._with_ends(ended))

    def _with_ends(self, ended: float) -> Iterator[tuple[Part, float]]:
        for number, part in enumerate(self._parts, 1):
            yield part, self._parts[number].begins if number < len(self) else ended


def with_replay(
    figures: Sequence[PartFigures], replay: ReplaySoFar | None
) -> tuple[PartFigures, ...]:
    """Return the figures of a run's parts with what its replay gave for each."""
    return tuple(
        replace(each, replayed_hit_ratio=_replayed_hit_ratio(each, replay) if replay else None)
        for each in figures
    )


def _replayed_hit_ratio(figures: PartFigures, replay: ReplaySoFar) -> float | None:
    begins = figures.part.begins if figures.is_cold else figures.part.warm_from
    return None if replay.seconds < figures.ends else replay.known_hit_ratio(begins, figures.ends)


def pooled_warm_hit_ratio(figures: Sequence[PartFigures]) -> float | None:
    """Return the hit ratio over the warm time of all parts; None if none was warm."""
    lookups = sum(each.warm_lookups for each in figures)
    hits = sum(each.warm_lookups * (each.warm_hit_ratio or 0.0) for each in figures)
    return hits / lookups if lookups else None


def _measure(part: Part, ends: float, timeline: Timeline) -> PartFigures:
    warm = timeline.between(part.warm_from, ends) if part.warm_from < ends else {}
    ratio = hit_ratio(warm)
    return PartFigures(
        part,
        ends,
        hit_ratio(timeline.between(part.begins, ends)),
        ratio,
        0 if ratio is None else count_cache_lookups(warm),
    )


def _warming(knobs: Mapping[str, Knob], sent: Sent) -> float:
    """Return how long a cache takes to become warm, in seconds."""
    if sent.replays_trace:
        return 0.0
    return DISCARDED_LIVES * _life(knobs, sent)


def _life(knobs: Mapping[str, Knob], sent: Sent) -> float:
    """Return how long an entry may live, in seconds; 0 while the cache is off."""
    if "ttl_seconds" not in knobs:
        return math.inf
    return longest_life(knobs, missing=sent.missing) if float(knobs["ttl_seconds"]) else 0.0


def _changes(before: Mapping[str, object] | None, now: Mapping[str, object] | None) -> list[str]:
    old, new = before or {}, now or {}
    return [
        f"{key} {_text(old.get(key, 'unknown'))} → {_text(value)}"
        for key, value in new.items()
        if old.get(key) != value
    ]


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
