"""Exact counts of the service and of Redis, and what was counted between two readings."""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ServiceCounters:
    """Counters of the service, summed over its processes.

    Attributes:
        lookups: By result.
        store_queries: By "op outcome".
        key_reads: "true" counts keys that were found, "false" those that were not.
        fills: By outcome.
        cache_ops: Exchanges with Redis by what they do; empty in older records.
    """

    lookups: Counts
    store_queries: Counts
    key_reads: Counts
    fills: Counts = field(default_factory=dict)
    cache_ops: Counts = field(default_factory=dict)

    def since(self, earlier: "ServiceCounters") -> "ServiceCounters":
        """Return what was counted between an earlier reading and this one."""
        names = [each.name for each in fields(self)]
        return ServiceCounters(
            *(_difference(getattr(self, name), getattr(earlier, name)) for name in names)
        )


SERVICE_METRICS = {
    "lookups": "cacheaside_lookups_total",
    "store_queries": "cacheaside_store_queries_total",
    "key_reads": "cacheaside_cache_key_reads_total",
    "fills": "cacheaside_fills_total",
    "cache_ops": "cacheaside_cache_op_duration_seconds_count",
}
"""The metric behind each field of `ServiceCounters`."""


@dataclass(frozen=True, slots=True)
class RedisCounters:
    """Redis' own keyspace statistics."""

    keyspace_hits: int
    keyspace_misses: int

    def since(self, earlier: "RedisCounters") -> "RedisCounters":
        """Return what was counted between an earlier reading and this one."""
        return RedisCounters(
            self.keyspace_hits - earlier.keyspace_hits,
            self.keyspace_misses - earlier.keyspace_misses,
        )


def parse_counters(pages: Iterable[str]) -> ServiceCounters:
    """Return the counters of several processes' /metrics pages, summed.

    Raises:
        ValueError: A page is not in the format of Prometheus.
    """
    counts: dict[str, dict[str, int]] = {metric: {} for metric in SERVICE_METRICS.values()}
    for sample in metric_samples(pages):
        if sample.name in counts:
            labels = " ".join(sample.labels.values())
            of_metric = counts[sample.name]
            of_metric[labels] = of_metric.get(labels, 0) + int(sample.value)
    return ServiceCounters(**{name: counts[metric] for name, metric in SERVICE_METRICS.items()})


def metric_samples(pages: Iterable[str]) -> Iterator[Sample]:
    """Yield every sample of several processes' /metrics pages.

    Raises:
        ValueError: A page is not in the format of Prometheus.
    """
    for page in pages:
        for family in text_string_to_metric_families(page):
            yield from family.samples


@dataclass(frozen=True, slots=True)
class CounterName:
    """Which samples of a page one count is the sum of.

    Attributes:
        text: As it was given, such as `cache_total{kind="hit"}`.
        name: The metric.
        labels: Those that a sample must have; it may have others.
    """

    text: str
    name: str
    labels: Mapping[str, str]


def counter_named(text: str) -> CounterName:
    """Return the counter that a text names.

    Raises:
        ValueError: It names none.
    """
    (family,) = text_string_to_metric_families(f"{text} 0")
    (sample,) = family.samples
    if sample.timestamp is not None:  # A number stands behind the name.
        raise ValueError(text)
    return CounterName(text, sample.name, sample.labels)


def count_of(page: str, counter: CounterName) -> int | None:
    """Return what a counter has counted, summed over its samples; None if the page has none.

    Raises:
        ValueError: The page is not in the format of Prometheus.
    """
    # The parser ends the name of every counter in _total.
    names = {counter.name, f"{counter.name}_total"}
    # A page may be long, and its parsing delays the lookups of a load generator that reads it.
    lines = "\n".join(line for line in page.split("\n") if counter.name in line)
    found = [
        sample.value
        for sample in metric_samples([lines or page])
        if sample.name in names and counter.labels.items() <= sample.labels.items()
    ]
    return int(sum(found)) if found and math.isfinite(sum(found)) else None


def is_complete(reads: Counts) -> bool:
    """Return whether a reading has both the keys that were found and those that were not."""
    return reads.keys() >= {"true", "false"}


def went_backwards(reads: Sequence[Counts]) -> bool:
    """Return whether a counter was lower at a reading than before, as after a restart."""
    return any(
        later[name] < earlier[name]
        for earlier, later in itertools.pairwise(reads)
        for name in earlier.keys() & later.keys()
    )


def kept_reads(reads: Sequence[Counts], now: Counts) -> list[Counts]:
    """Return the first reading and the last; none is added once a counter went backwards."""
    if not is_complete(now) or went_backwards(reads):
        return list(reads)
    return [*reads, now] if went_backwards([*reads, now]) else [*reads[:1], now]


def key_hit_ratio(reads: Sequence[Counts]) -> float | None:
    """Return the share of keys that were found between the first reading and the last."""
    if len(reads) < 2 or went_backwards(reads):
        return None
    found, missed = (reads[-1][name] - reads[0][name] for name in ("true", "false"))
    return found / (found + missed) if found + missed else None


def loads(store_queries: Counts) -> int:
    """Return how many loads were made, whatever their outcome."""
    return sum(count for labels, count in store_queries.items() if labels.startswith("select "))


def _difference(later: Counts, earlier: Counts) -> dict[str, int]:
    return {name: value - earlier.get(name, 0) for name, value in later.items()}
