"""Every metric of the service; docs/metrics.md lists the names."""

import platform
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import prometheus_client
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import generate_latest

from service.buckets import AGES, DURATIONS, EXCHANGES
from service.domain.cache import FillOutcome, InvalidationOutcome
from service.domain.knobs import CHOICES, NUMBERS, Knobs
from service.domain.lookup import LookupResult

Word = TypeVar("Word", bound=str)
Metric = TypeVar("Metric", Counter, Gauge, Histogram)

VERSION = "0.1.0"

CACHE_OPS = ("read", "generation", "fill", "lease", "invalidate", "settings", "clear", "ping")
STORE_OPS = ("select", "replace", "delete", "catalogue", "probe")
# The durations of upkeep are not kept: each would add 40 lines that nobody looks at.
TIMED_OPS = frozenset(("read", "generation", "fill", "lease", "invalidate"))
TIMED_QUERIES = frozenset(("select", "replace", "delete"))
STORE_OUTCOMES = ("ok", "absent", "error")
DEPENDENCIES = ("redis", "store")
EXPECTED_ANSWERS: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "/fruit/<id>": {
        "GET": (200, 404, 503),
        "HEAD": (200, 404, 503),
        "PUT": (200, 201, 400, 401, 404, 413, 415, 503),
        "DELETE": (204, 401, 404, 503),
    },
    "/control/settings": {"GET": (200, 401), "PATCH": (200, 400, 401, 413, 415)},
    "/control/cache": {"DELETE": (200, 401, 503)},
    "/control/catalogue": {"PUT": (200, 400, 401, 413, 415, 503)},
    "/": {"GET": (200,)},
    "/livez": {"GET": (200,)},
    "/readyz": {"GET": (200, 503)},
    "/metrics": {"GET": (200,)},
    "unmatched": {"GET": (404,)},
}
METHODS = ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "other")


class Metrics:
    """Counts the events of an `Observer` in a registry of its own.

    Args:
        limits: The settings to show beside them, by name.
    """

    def __init__(self, **limits: int) -> None:
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry(auto_describe=True)  # Or name[] finds no process_*.
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._build_lookup_metrics()
        self._build_cache_metrics()
        self._build_store_metrics()
        self._build_knob_metrics()
        self._build_http_metrics()
        for name, limit in limits.items():
            self._gauge(f"cacheaside_{name}", f"The setting {name}").set(limit)
        build = self._gauge("cacheaside_build_info", "The program", "version", "python")
        build.labels(VERSION, platform.python_version()).set(1)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(name, about, labels, registry=self.registry)

    def _gauge(self, name: str, about: str, *labels: str) -> Gauge:
        return Gauge(name, about, labels, registry=self.registry)

    def _histogram(
        self, name: str, about: str, *labels: str, buckets: Sequence[float] = DURATIONS
    ) -> Histogram:
        """Return a histogram whose series appear with their first value, as each has 44 lines."""
        return Histogram(name, about, labels, buckets=buckets, registry=self.registry)

    def _build_lookup_metrics(self) -> None:
        lookups = self._counter("cacheaside_lookups_total", "Lookups by result", "result")
        seconds = self._histogram(
            "cacheaside_lookup_duration_seconds",
            "Time from when the handler receives the request to its answer",
            "result",
        )
        self._lookups = _series(lookups, LookupResult)
        self._lookup_seconds = seconds
        self._ages = self._histogram(
            "cacheaside_entry_age_seconds",
            "Age of served entries, where it is known",
            buckets=AGES,
        )

    def _build_cache_metrics(self) -> None:
        seconds = self._histogram(
            "cacheaside_cache_op_duration_seconds",
            "Duration of one exchange with Redis",
            "op",
            buckets=EXCHANGES,
        )
        errors = self._counter(
            "cacheaside_cache_errors_total",
            "Exchanges with Redis that failed; op decode is a poisoned value",
            "op",
        )
        key_reads = self._counter(
            "cacheaside_cache_key_reads_total",
            "Keys read by commands and scripts, as Redis' keyspace_hits and _misses count them",
            "found",
        )
        fills = self._counter(
            "cacheaside_fills_total", "Fills of the cache after a load", "outcome"
        )
        invalidations = self._counter(
            "cacheaside_invalidations_total",
            "Deletions of entries whose fruit was written",
            "outcome",
        )
        breakers = self._gauge(
            "cacheaside_breaker_open",
            "1 while the dependency is not called because it failed",
            "dependency",
        )
        self._op_seconds = seconds
        self._errors = _series(errors, (*CACHE_OPS, "decode"))
        self._keys_found, self._keys_missing = key_reads.labels("true"), key_reads.labels("false")
        self._fills = _series(fills, FillOutcome)
        self._invalidations = _series(invalidations, InvalidationOutcome)
        self._breakers = _series(breakers, DEPENDENCIES)

    def _build_store_metrics(self) -> None:
        queries = self._counter(
            "cacheaside_store_queries_total", "Queries sent to the store", "op", "outcome"
        )
        seconds = self._histogram(
            "cacheaside_store_query_duration_seconds",
            "Duration of one query, including the store delay",
            "op",
        )
        self._queries = {
            (op, outcome): queries.labels(op, outcome)
            for op in STORE_OPS
            for outcome in STORE_OUTCOMES
        }
        self._query_seconds = seconds
        self._in_flight = self._gauge(
            "cacheaside_store_in_flight", "Queries in progress at the store"
        )

    def _build_knob_metrics(self) -> None:
        self._numbers = {
            name: self._gauge(f"cacheaside_{name}", f"The knob {name} in force") for name in NUMBERS
        }
        self._choices = {
            name: _series(
                self._gauge(f"cacheaside_{name}", f"1 for the {name} in force", "mode"), modes
            )
            for name, modes in CHOICES.items()
        }

    def _build_http_metrics(self) -> None:
        self._http = self._counter(
            "cacheaside_http_requests_total",
            "Answered HTTP requests; route is the pattern, never the path",
            *("method", "route", "status"),
        )
        for route, answers in EXPECTED_ANSWERS.items():
            for method, statuses in answers.items():
                for status in statuses:
                    self._http.labels(method, route, str(status))

    def lookup_ended(self, result: LookupResult, seconds: float) -> None:
        """Count a lookup and its duration."""
        self._lookups[result].inc()
        self._lookup_seconds.labels(result.value).observe(seconds)

    def entry_age(self, seconds: float) -> None:
        """Record the age of a served entry."""
        self._ages.observe(seconds)

    def cache_op(self, op: str, seconds: float) -> None:
        """Record the duration of an exchange that a lookup or write has with the cache."""
        if op in TIMED_OPS:
            self._op_seconds.labels(op).observe(seconds)

    def cache_error(self, op: str) -> None:
        """Count a failed exchange, or a poisoned value."""
        self._errors[op].inc()

    def key_reads(self, found: int, missing: int) -> None:
        """Count the keys that a command or script read."""
        if found:
            self._keys_found.inc(found)
        if missing:
            self._keys_missing.inc(missing)

    def fill_ended(self, outcome: FillOutcome) -> None:
        """Count a fill."""
        self._fills[outcome].inc()

    def invalidation_ended(self, outcome: InvalidationOutcome) -> None:
        """Count an invalidation."""
        self._invalidations[outcome].inc()

    def store_query(self, op: str, outcome: str, seconds: float) -> None:
        """Count a query, and its duration if a lookup or write asked for it."""
        self._queries[op, outcome].inc()
        if op in TIMED_QUERIES:
            self._query_seconds.labels(op).observe(seconds)

    def store_in_flight(self, change: int) -> None:
        """Add to the queries in progress, or subtract."""
        self._in_flight.inc(change)

    def breaker_turned(self, dependency: str, is_open: bool) -> None:
        """Show whether a breaker is open."""
        self._breakers[dependency].set(int(is_open))

    def knobs_turned(self, knobs: Knobs) -> None:
        """Show the knobs in force."""
        for name, gauge in self._numbers.items():
            gauge.set(getattr(knobs, name))
        for name, gauges in self._choices.items():
            for mode, gauge in gauges.items():
                gauge.set(int(getattr(knobs, name) is mode))

    def http_request(self, method: str, route: str, status: int) -> None:
        """Count an answered request; unknown methods share one label."""
        word = method if method in METHODS else "other"
        self._http.labels(word, route, str(status)).inc()

    def exposition(self, names: Sequence[str]) -> bytes:
        """Return the page for Prometheus; only the named metrics when names are given."""
        if names:
            return generate_latest(self.registry.restricted_registry(list(names)))
        return generate_latest(self.registry)


def _series(metric: Metric, words: Iterable[Word]) -> dict[Word, Metric]:
    """Return a series for each word; it exists from now on, so that a count of 0 shows."""
    return {word: metric.labels(word) for word in words}
