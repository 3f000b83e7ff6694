"""The metrics of the cache: exchanges with Redis, keys read, fills, invalidations, breakers."""

from service.domain.cache import FillOutcome, InvalidationOutcome
from service.series.buckets import EXCHANGES
from service.series.families import Families, by_word

CACHE_OPS = ("read", "generation", "fill", "lease", "invalidate", "settings", "clear", "ping")
# The durations of upkeep are not kept: each would add 40 lines that nobody looks at.
TIMED_OPS = ("read", "generation", "fill", "lease", "invalidate")
DEPENDENCIES = ("redis", "store")


class CacheSeries:
    """The metrics of the cache, and of the breakers before it and the store."""

    def __init__(self, families: Families) -> None:
        self.op_seconds = families.histogram(
            "cacheaside_cache_op_duration_seconds",
            "Duration of one exchange with Redis",
            "op",
            TIMED_OPS,
            buckets=EXCHANGES,
        )
        errors = families.counter(
            "cacheaside_cache_errors_total",
            "Exchanges with Redis that failed; op decode is a poisoned value",
            "op",
        )
        key_reads = families.counter(
            "cacheaside_cache_key_reads_total",
            "Keys read by commands and scripts, as Redis' keyspace_hits and _misses count them",
            "found",
        )
        fills = families.counter(
            "cacheaside_fills_total", "Fills of the cache after a load", "outcome"
        )
        invalidations = families.counter(
            "cacheaside_invalidations_total",
            "Deletions of entries whose fruit was written",
            "outcome",
        )
        breakers = families.gauge(
            "cacheaside_breaker_open",
            "1 while the dependency is not called because it failed",
            "dependency",
        )
        # Its series appear with their first failure, because there would be two dozen of them.
        self.failures = families.counter(
            "cacheaside_failures_total",
            "Failed calls by cause; the log has the words of the first",
            *("dependency", "cause"),
        )
        self.pending = families.gauge(
            "cacheaside_pending_invalidations",
            "Fruit whose entry may be older than its last write",
        )
        self.errors = by_word(errors, (*CACHE_OPS, "decode"))
        self.keys_found, self.keys_missing = key_reads.labels("true"), key_reads.labels("false")
        self.fills = by_word(fills, FillOutcome)
        self.invalidations = by_word(invalidations, InvalidationOutcome)
        self.breakers = by_word(breakers, DEPENDENCIES)
