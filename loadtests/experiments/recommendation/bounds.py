"""The bounds that a TTL must meet, and whether it does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from loadtests.experiments.recommendation.candidate import Candidate


class Bound(NamedTuple):
    """One bound.

    Attributes:
        name: As its flag is called, without the dashes.
        text: The bound with its value and unit, to stand within a sentence.
        limit: The value.
        value: What it is compared with; None where that is unknown.
        lower: Whether the value must be at least the limit, rather than at most.
        factor: From the value to the unit of the text.
        unit: The unit of the text, with a space before it.
    """

    name: str
    text: str
    limit: float
    value: Callable[[Candidate], float | None]
    lower: bool = False
    factor: float = 1.0
    unit: str = ""

    def shown(self, value: float) -> str:
        """Return a value in the unit of the text."""
        return f"{value * self.factor:.4g}{self.unit}"

    def met_by(self, candidate: Candidate) -> bool | None:
        """Return whether the candidate meets the bound; None if that is unknown."""
        value = self.value(candidate)
        if value is None:
            return None
        return value >= self.limit if self.lower else value <= self.limit


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of the cache; None is no bound.

    Attributes:
        max_stale_seconds: Highest age of an answer in the worst case.
        min_hit_ratio: Lowest hit ratio.
        max_p99_ms: Highest 99th percentile of all lookups.
        max_store_rate: Most reads of the store per second.
        max_memory_bytes: Most bytes of entries.
    """

    max_stale_seconds: float | None = None
    min_hit_ratio: float | None = None
    max_p99_ms: float | None = None
    max_store_rate: float | None = None
    max_memory_bytes: float | None = None

    def bounds(self) -> list[Bound]:
        """Return those bounds that are asked for."""
        given: list[tuple[float | None, Callable[[float], Bound]]] = [
            (self.max_stale_seconds, _stale),
            (self.min_hit_ratio, _hit_ratio),
            (self.max_p99_ms, _p99),
            (self.max_store_rate, _store_rate),
            (self.max_memory_bytes, _memory),
        ]
        return [make(limit) for limit, make in given if limit is not None]


def _stale(limit: float) -> Bound:
    text = f"an answer at most {limit:g} s old"
    return Bound("max-stale-seconds", text, limit, lambda c: c.worst_stale_seconds, unit=" s")


def _hit_ratio(limit: float) -> Bound:
    text = f"a hit ratio of at least {limit:g}"
    return Bound("min-hit-ratio", text, limit, lambda c: c.hit_ratio_low, lower=True)


def _p99(limit: float) -> Bound:
    text = f"a p99 of at most {limit:g} ms"
    return Bound("max-p99-ms", text, limit / 1000.0, lambda c: c.p99_seconds, False, 1000.0, " ms")


def _store_rate(limit: float) -> Bound:
    text = f"at most {limit:g} store reads per second"
    return Bound("max-store-rate", text, limit, lambda c: c.store_reads_high)


def _memory(limit: float) -> Bound:
    text = f"at most {limit / 1e6:g} MB of entries"
    return Bound("max-memory", text, limit, lambda c: c.memory_bytes, False, 1e-6, " MB")
