"""The knobs of the service as the replay follows them, and how long its work takes."""

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from loadtests.service_under_test.contract import Knob

REDIS_TICK_SECONDS = 0.001
"""Redis keeps time in whole milliseconds and drops an entry in the one after its TTL."""


@dataclass(frozen=True, slots=True)
class CacheRules:
    """The knobs that decide how a lookup ends.

    Attributes:
        ttl_seconds: 0 switches the cache off.
        jitter_ratio: Half the spread of TTLs, relative to the TTL.
        negative_ttl_seconds: TTL of a cached absence; 0 caches none.
        protection: One of the service's words.
        stale_seconds: How long after its TTL an entry is served under protection stale.
        early_beta: Eagerness of early recompute.
        invalidates: Whether a write deletes the entry.
        fenced: Whether a write refuses the fills of loads that began before it.
        near_seconds: How long a process serves what it read from Redis; 0 keeps nothing.
        near_entries: How many entries each process keeps at most.
    """

    ttl_seconds: float
    jitter_ratio: float = 0.0
    negative_ttl_seconds: float = 5.0
    protection: str = "single-flight"
    stale_seconds: float = 30.0
    early_beta: float = 1.0
    invalidates: bool = True
    fenced: bool = True
    near_seconds: float = 0.0
    near_entries: float = 10_000.0

    @classmethod
    def of(cls, knobs: Mapping[str, Knob]) -> Self:
        """Return the rules of knobs; one that is not given has the service's default."""
        return cls(
            float(knobs["ttl_seconds"]),
            float(knobs.get("ttl_jitter_ratio", 0.0)),
            float(knobs.get("negative_ttl_seconds", 5.0)),
            str(knobs.get("protection", "single-flight")),
            float(knobs.get("stale_seconds", 30.0)),
            float(knobs.get("early_beta", 1.0)),
            knobs.get("invalidation", "delete") == "delete",
            knobs.get("fencing", "on") == "on",
            float(knobs.get("near_seconds", 0.0)),
            float(knobs.get("near_entries", 10_000.0)),
        )

    @property
    def grace_seconds(self) -> float:
        """How long before its end in Redis an entry is stale."""
        return self.stale_seconds if self.protection == "stale" else 0.0

    @property
    def longest_life(self) -> float:
        """The longest time that an entry can be in Redis."""
        life = self.ttl_seconds * (1.0 + self.jitter_ratio) + self.grace_seconds
        return max(life, self.negative_ttl_seconds) if self.ttl_seconds else 0.0

    @property
    def is_random(self) -> bool:
        """Whether the service draws numbers that no seed of ours fixes."""
        return self.jitter_ratio > 0 or self.protection == "early"


@dataclass(frozen=True, slots=True)
class Work:
    """How long the service's work takes, in seconds, and what it draws.

    Attributes:
        fill: Returns D of the next load: from the read that misses to the entry being visible.
        write: From the arrival of a write to its invalidation.
        tick: Resolution of the times that Redis keeps.
        draw: Uniform from 0 to 1, for TTL jitter and early recompute.
    """

    fill: Callable[[], float]
    write: float
    tick: float
    draw: Callable[[], float]


def seeded_work(
    fill: float | Callable[[], float],
    write_seconds: float = 0.0,
    *,
    tick_seconds: float = REDIS_TICK_SECONDS,
    draws: int = 0,
) -> Work:
    """Return the work of a service whose draws a seed fixes.

    Args:
        fill: D of every load, or a function that returns that of the next one.
        write_seconds: From the arrival of a write to its invalidation.
        tick_seconds: Resolution of the times that Redis keeps.
        draws: Seed of what the service draws by itself.
    """
    generator = random.Random(draws)
    return Work(
        fill if callable(fill) else lambda: fill, write_seconds, tick_seconds, generator.random
    )


def recomputes_early(left: float, load_seconds: float, beta: float, draw: float) -> bool:
    """Return whether a hit recomputes its entry before it expires (docs/theory.md F11)."""
    return -load_seconds * beta * math.log(1.0 - draw) >= left
