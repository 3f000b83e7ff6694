"""A TTL that may be recommended, with everything that is known of it."""

from dataclasses import dataclass

MEASURED, REPLAYED, BY_THEORY = "measured", "replay", "theory"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One TTL and what it does; None where unknown.

    Attributes:
        ttl_seconds: The TTL.
        hit_ratio: Expected or measured.
        hit_ratio_low: What a lower bound is judged by: the low end of the interval, or the ratio
            less the largest residual; the ratio itself for an exact replay.
        store_reads_per_second: Loads of the store that follow from `hit_ratio`.
        store_reads_high: What an upper bound is judged by.
        p99_seconds: Of all lookups, from the intended start: the mixture of measured hits and
            misses at `hit_ratio_low`, and no less than what was measured itself.
        worst_stale_seconds: TTL lengthened by jitter, and the time for which stale entries are
            kept: how old an answer may be where no invalidation reaches the cache.
        entries: Highest number of entries.
        memory_bytes: What they take.
        known_by: `MEASURED`, `REPLAYED` or `BY_THEORY`.
    """

    ttl_seconds: float
    hit_ratio: float | None
    hit_ratio_low: float | None
    store_reads_per_second: float | None
    store_reads_high: float | None
    p99_seconds: float | None
    worst_stale_seconds: float
    entries: float | None
    memory_bytes: float | None
    known_by: str


def most_reads(reads: float | None, hit_ratio: float, hit_ratio_low: float) -> float | None:
    """Return the reads of the store per second at the low end of a hit ratio; None if unknown."""
    if reads is None or hit_ratio >= 1.0:
        return reads
    return reads * (1.0 - hit_ratio_low) / (1.0 - hit_ratio)


@dataclass(frozen=True, slots=True)
class Candidates:
    """The TTLs to choose from.

    Attributes:
        ttls: Shortest first.
        source: Where the figures are from, in sentences.
        left_out: TTLs of which nothing is known, each with the reason.
        entry_bytes: Size of an entry in memory; None if unknown.
    """

    ttls: list[Candidate]
    source: str
    left_out: list[str]
    entry_bytes: float | None = None
