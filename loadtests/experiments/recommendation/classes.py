"""A TTL for each class of key, so that together they keep what is asked of their sum."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ClassTtl:
    """The TTL of one class.

    Attributes:
        name: The class.
        ttl_seconds: Its TTL.
        hit_ratio: What it gets by it.
        reads: Its reads in the log.
    """

    name: str
    ttl_seconds: float
    hit_ratio: float
    reads: int


def most_hits(classes: Sequence[Mapping[str, Any]], longest_ttl: float = math.inf) -> float:
    """Return the hits per read over all classes that no choice of TTLs beats."""
    hits = sum(
        part["reads"] * max((point["hit_ratio"] for point in _curve(part, longest_ttl)), default=0)
        for part in classes
    )
    return float(hits / sum(part["reads"] for part in classes))


def ttls_by_class(
    classes: Sequence[Mapping[str, Any]], min_hit_ratio: float, longest_ttl: float = math.inf
) -> list[ClassTtl] | None:
    """Return the TTLs that reach a hit ratio together; None if they cannot.

    Every class begins with its shortest TTL. The class that gains most hits for each doubling of
    its TTL takes a longer one, until the sum is reached; so no class grows stale for a gain that
    another has cheaper.

    Args:
        classes: The classes of a profile, as in its JSON.
        min_hit_ratio: Hits per read over all classes.
        longest_ttl: That any class may have.
    """
    curves = [_curve(part, longest_ttl) for part in classes]
    if not all(curves):
        return None
    places = [0] * len(classes)
    total = sum(part["reads"] for part in classes)

    def hits(i: int, place: int) -> float:
        return float(curves[i][place]["hit_ratio"] * classes[i]["reads"])

    def gain(step: tuple[int, int]) -> float:
        i, place = step
        before, after = (curves[i][each]["ttl_seconds"] for each in (places[i], place))
        return (hits(i, place) - hits(i, places[i])) / math.log2(after / before)

    while sum(hits(i, place) for i, place in enumerate(places)) < min_hit_ratio * total - 1e-9:
        # A longer TTL may have fewer hits: an entry then ends just before a read, not after it.
        steps = [
            (i, place) for i, now in enumerate(places) for place in range(now + 1, len(curves[i]))
        ]
        best = max(steps, key=gain, default=None)
        if best is None or gain(best) <= 0.0:
            return None
        places[best[0]] = best[1]
    return [
        ClassTtl(
            part["name"], curve[place]["ttl_seconds"], curve[place]["hit_ratio"], part["reads"]
        )
        for part, curve, place in zip(classes, curves, places, strict=True)
    ]


def _curve(part: Mapping[str, Any], longest_ttl: float) -> list[Mapping[str, Any]]:
    return [point for point in part["curve"] if point["ttl_seconds"] <= longest_ttl]
