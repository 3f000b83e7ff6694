"""A TTL for each class of key, so that together they reach a hit ratio."""

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


def ttls_by_class(
    classes: Sequence[Mapping[str, Any]], min_hit_ratio: float
) -> list[ClassTtl] | None:
    """Return the TTLs that reach a hit ratio together; None if they cannot.

    Every class begins with its shortest TTL. The class whose next step gains most hits for each
    doubling of its TTL takes it, until the sum is reached; so no class grows stale for a gain that
    another has cheaper.

    Args:
        classes: The classes of a profile, as in its JSON.
        min_hit_ratio: Hits per read over all classes.
    """
    places = [0] * len(classes)
    total = sum(part["reads"] for part in classes)

    def hits(i: int, place: int) -> float:
        return float(classes[i]["curve"][place]["hit_ratio"] * classes[i]["reads"])

    def gain(i: int) -> float:
        curve, place = classes[i]["curve"], places[i]
        if place + 1 == len(curve):
            return -1.0
        doublings = math.log2(curve[place + 1]["ttl_seconds"] / curve[place]["ttl_seconds"])
        return (hits(i, place + 1) - hits(i, place)) / doublings

    while sum(hits(i, places[i]) for i in range(len(classes))) < min_hit_ratio * total:
        best = max(range(len(classes)), key=gain)
        if gain(best) < 0.0:
            return None
        places[best] += 1
    return [
        ClassTtl(
            part["name"],
            part["curve"][place]["ttl_seconds"],
            part["curve"][place]["hit_ratio"],
            part["reads"],
        )
        for part, place in zip(classes, places, strict=True)
    ]
