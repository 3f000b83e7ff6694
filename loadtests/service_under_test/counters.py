"""Exact counts of the service and of Redis, and what lies between two readings."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

READ_METRICS = (
    "cacheaside_lookups_total",
    "cacheaside_store_queries_total",
    "cacheaside_cache_key_reads_total",
    "cacheaside_fills_total",
)

_SAMPLE = re.compile(r"^(?P<name>\w+)(?:\{(?P<labels>[^}]*)\})? (?P<value>\S+)")
_LABEL = re.compile(r'(\w+)="([^"]*)"')

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ServiceCounters:
    """Counters of the service, summed over its processes."""

    lookups: Counts  # by result
    store_queries: Counts  # by "op outcome"
    key_reads: Counts  # "true" for keys that were found, "false" for those that were not
    fills: Counts = field(default_factory=dict)  # by outcome

    def since(self, earlier: "ServiceCounters") -> "ServiceCounters":
        """Return what was counted between an earlier reading and this one."""
        return ServiceCounters(
            *(
                _difference(getattr(self, name), getattr(earlier, name))
                for name in ("lookups", "store_queries", "key_reads", "fills")
            )
        )


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


def parse_counters(texts: Iterable[str]) -> ServiceCounters:
    """Sum the counters of several processes' /metrics answers."""
    groups: dict[str, dict[str, int]] = {name: {} for name in READ_METRICS}
    for text in texts:
        for line in text.splitlines():
            sample = _SAMPLE.match(line)
            if sample and sample["name"] in groups:
                group = groups[sample["name"]]
                labels = " ".join(value for _, value in _LABEL.findall(sample["labels"] or ""))
                group[labels] = group.get(labels, 0) + int(float(sample["value"]))
    return ServiceCounters(*(groups[name] for name in READ_METRICS))


def loads(store_queries: Counts) -> int:
    """Return the store's reads for lookups, whatever became of them."""
    return sum(count for label, count in store_queries.items() if label.startswith("select "))


def _difference(later: Counts, earlier: Counts) -> dict[str, int]:
    return {name: value - earlier.get(name, 0) for name, value in later.items()}
