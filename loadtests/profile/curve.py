"""What a profile says: a point for each TTL, of all keys and of parts of them."""

from dataclasses import asdict, dataclass
from typing import Any

QUANTILE_OF_SAMPLE = 1.96
"""Half a 95 % interval in standard errors, which come from the many keys of a sample."""


@dataclass(frozen=True, slots=True)
class Misses:
    """Misses by reason.

    Attributes:
        first: The key was never in the cache.
        expired: The entry's TTL had passed.
        written: A change had removed the entry.
    """

    first: int
    expired: int
    written: int


@dataclass(frozen=True, slots=True)
class TtlAlone:
    """What readers see where nothing but the TTL ends an entry.

    Attributes:
        hit_ratio: Hits per read, the stale ones too.
        stale_ratio: Share of the hits that returned a value older than the last change.
        staleness_mean_seconds: Mean time since the change, of stale hits; None without any.
        staleness_worst_seconds: Its maximum.
        visible_ratio: Share of changes that every reader sees within B seconds.
    """

    hit_ratio: float
    stale_ratio: float | None
    staleness_mean_seconds: float | None
    staleness_worst_seconds: float
    visible_ratio: float


@dataclass(frozen=True, slots=True)
class Bounded:
    """What the memory bound leaves.

    Attributes:
        hit_ratio: Hits per read.
        evictions: Entries that went before their end to make room.
        misses_evicted: Misses of keys that had been evicted.
    """

    hit_ratio: float
    evictions: int
    misses_evicted: int


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What one TTL does.

    Attributes:
        ttl_seconds: The TTL.
        hit_ratio: Hits per read, cold start included.
        offload_ratio: Share of reads that cost the store nothing; equal to the hit ratio, because a
            log does not say how long a fill takes.
        store_reads_per_second: Misses per second of the log's span.
        misses: By reason.
        live_entries_mean: Entries over time.
        live_entries_peak: Highest number of entries.
        live_bytes_mean: Bytes of values over time; None if the log has no sizes.
        live_bytes_peak: Highest number of bytes.
        age_mean_seconds: Mean age of what hits returned; None without hits.
        ttl_alone: Without invalidation; None if the log has no changes.
        bounded: Under the memory bound; None without one.
        hit_ratio_error: Standard error that comes from sampling; None for a log of all keys.
    """

    ttl_seconds: float
    hit_ratio: float
    offload_ratio: float
    store_reads_per_second: float
    misses: Misses
    live_entries_mean: float
    live_entries_peak: int
    live_bytes_mean: float | None
    live_bytes_peak: int | None
    age_mean_seconds: float | None
    ttl_alone: TtlAlone | None
    bounded: Bounded | None
    hit_ratio_error: float | None = None


@dataclass(frozen=True, slots=True)
class PartPoint:
    """What one TTL does to some of the keys.

    Attributes:
        ttl_seconds: The TTL.
        hit_ratio: Hits per read.
        store_reads_per_second: Misses per second.
    """

    ttl_seconds: float
    hit_ratio: float
    store_reads_per_second: float


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the keys: a class, or a tenth of them by popularity.

    Attributes:
        name: The class, or the decile from 1, the most popular.
        keys: Number of keys that were read.
        reads: Reads of them.
        ceiling: Hit ratio that no TTL beats.
        curve: A point for each TTL.
    """

    name: str
    keys: int
    reads: int
    ceiling: float
    curve: list[PartPoint]


@dataclass(frozen=True, slots=True)
class Profile:
    """What each TTL does to the requests of a log.

    Attributes:
        requests: Reads and changes.
        reads: Reads.
        changes: Changes of keys.
        keys: Distinct keys.
        span_seconds: From the first to the last request.
        rate: Requests per second.
        ceiling: Hit ratio that no TTL beats: the rest are first reads, and first after a change.
        curve: A point for each TTL, shortest first.
        classes: Parts of the keys by class, the most read first; empty if all have one class.
        deciles: Tenths of the keys by popularity, the most popular first.
        sample: keep_ratio and reads of all keys, if the log is a sample; None if it is whole.
    """

    requests: int
    reads: int
    changes: int
    keys: int
    span_seconds: float
    rate: float
    ceiling: float
    curve: list[CurvePoint]
    classes: list[Part]
    deciles: list[Part]
    sample: dict[str, float] | None = None

    def as_object(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)
