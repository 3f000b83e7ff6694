"""Every metric of the service, by the names that docs/metrics.md lists."""

import platform
from collections.abc import Mapping, Sequence

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

from service.domain.cache import FillOutcome, InvalidationOutcome
from service.domain.knobs import CHOICES, NUMBERS, Knobs
from service.domain.lookup import LookupResult

VERSION = "0.1.0"

# A hit takes 0.2 to 0.5 ms and the slowest answer some seconds (a store delay of 10 s).
BUCKETS = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
# Ages follow TTLs, which are chosen from parts of a second to days.
AGE_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 86_400.0)

CACHE_OPS = ("read", "generation", "fill", "lease", "invalidate", "settings", "clear", "ping")
STORE_OPS = ("select", "replace", "delete", "catalogue", "probe")
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
    """Counts what an `Observer` hears, in a registry of its own, beside the limits set to it."""

    def __init__(self, **limits: int) -> None:
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        registry = self.registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        lookups = Counter(
            "cacheaside_lookups_total", "Lookups by how they ended", ["result"], registry=registry
        )
        lookup_seconds = Histogram(
            "cacheaside_lookup_duration_seconds",
            "Time from the request's arrival in the handler to its answer",
            ["result"],
            buckets=BUCKETS,
            registry=registry,
        )
        self._lookups = {word: lookups.labels(word.value) for word in LookupResult}
        self._lookup_seconds = {word: lookup_seconds.labels(word.value) for word in LookupResult}
        op_seconds = Histogram(
            "cacheaside_cache_op_duration_seconds",
            "Time of one exchange with Redis",
            ["op"],
            buckets=BUCKETS,
            registry=registry,
        )
        errors = Counter(
            "cacheaside_cache_errors_total",
            "Exchanges with Redis that failed; op decode is a poisoned value",
            ["op"],
            registry=registry,
        )
        self._op_seconds = {op: op_seconds.labels(op) for op in CACHE_OPS}
        self._errors = {op: errors.labels(op) for op in (*CACHE_OPS, "decode")}
        key_reads = Counter(
            "cacheaside_cache_key_reads_total",
            "Keys read by commands and scripts, as Redis' keyspace_hits and _misses count them",
            ["found"],
            registry=registry,
        )
        self._keys_found = key_reads.labels("true")
        self._keys_missing = key_reads.labels("false")
        self._build_store_metrics(registry)
        self._build_outcome_metrics(registry)
        self._build_knob_metrics(registry)
        for name, limit in limits.items():
            Gauge(f"cacheaside_{name}", f"The setting {name}", registry=registry).set(limit)
        self._http = Counter(
            "cacheaside_http_requests_total",
            "Answered HTTP requests; route is the pattern, never the path",
            ["method", "route", "status"],
            registry=registry,
        )
        for route, answers in EXPECTED_ANSWERS.items():
            for method, statuses in answers.items():
                for status in statuses:
                    self._http.labels(method, route, str(status))

    def _build_store_metrics(self, registry: CollectorRegistry) -> None:
        queries = Counter(
            "cacheaside_store_queries_total",
            "Queries sent to the store",
            ["op", "outcome"],
            registry=registry,
        )
        seconds = Histogram(
            "cacheaside_store_query_duration_seconds",
            "Time of one query, the store delay included",
            ["op"],
            buckets=BUCKETS,
            registry=registry,
        )
        self._queries = {
            (op, outcome): queries.labels(op, outcome)
            for op in STORE_OPS
            for outcome in STORE_OUTCOMES
        }
        self._query_seconds = {op: seconds.labels(op) for op in STORE_OPS}
        self._in_flight = Gauge(
            "cacheaside_store_in_flight", "Queries that the store is busy with", registry=registry
        )

    def _build_outcome_metrics(self, registry: CollectorRegistry) -> None:
        fills = Counter(
            "cacheaside_fills_total",
            "Fills of the cache after a load",
            ["outcome"],
            registry=registry,
        )
        invalidations = Counter(
            "cacheaside_invalidations_total",
            "Entries taken out because their fruit was written",
            ["outcome"],
            registry=registry,
        )
        breaker = Gauge(
            "cacheaside_breaker_open",
            "1 while the dependency is not asked because it failed",
            ["dependency"],
            registry=registry,
        )
        self._fills = {outcome: fills.labels(outcome.value) for outcome in FillOutcome}
        self._invalidations = {
            outcome: invalidations.labels(outcome.value) for outcome in InvalidationOutcome
        }
        self._breakers = {name: breaker.labels(name) for name in DEPENDENCIES}
        self._ages = Histogram(
            "cacheaside_entry_age_seconds",
            "Age of served entries, where it is known",
            buckets=AGE_BUCKETS,
            registry=registry,
        )
        Gauge(
            "cacheaside_build_info", "The program", ["version", "python"], registry=registry
        ).labels(VERSION, platform.python_version()).set(1)

    def _build_knob_metrics(self, registry: CollectorRegistry) -> None:
        self._numbers = {
            name: Gauge(f"cacheaside_{name}", f"The knob {name} in force", registry=registry)
            for name in NUMBERS
        }
        choices = {
            name: Gauge(
                f"cacheaside_{name}", f"1 for the {name} in force", ["mode"], registry=registry
            )
            for name in CHOICES
        }
        self._choices = {
            (name, mode): choices[name].labels(mode.value)
            for name, modes in CHOICES.items()
            for mode in modes
        }

    def lookup_ended(self, result: LookupResult, seconds: float) -> None:
        """Count a lookup and its time."""
        self._lookups[result].inc()
        self._lookup_seconds[result].observe(seconds)

    def entry_age(self, seconds: float) -> None:
        """Sample the age of a served entry."""
        self._ages.observe(seconds)

    def cache_op(self, op: str, seconds: float) -> None:
        """Time an exchange with the cache."""
        self._op_seconds[op].observe(seconds)

    def cache_error(self, op: str) -> None:
        """Count a failed exchange."""
        self._errors[op].inc()

    def key_reads(self, found: int, missing: int) -> None:
        """Count keys read."""
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
        """Count and time a query."""
        self._queries[op, outcome].inc()
        self._query_seconds[op].observe(seconds)

    def store_in_flight(self, change: int) -> None:
        """Follow how many queries are under way."""
        self._in_flight.inc(change)

    def breaker_turned(self, dependency: str, is_open: bool) -> None:
        """Show a breaker."""
        self._breakers[dependency].set(int(is_open))

    def knobs_turned(self, knobs: Knobs) -> None:
        """Show the knobs in force."""
        for name, gauge in self._numbers.items():
            gauge.set(getattr(knobs, name))
        for (name, mode), gauge in self._choices.items():
            gauge.set(int(getattr(knobs, name) is mode))

    def http_request(self, method: str, route: str, status: int) -> None:
        """Count an answered request; unknown methods share one label."""
        word = method if method in METHODS else "other"
        self._http.labels(word, route, str(status)).inc()

    def exposition(self, names: Sequence[str]) -> bytes:
        """Write the metrics as Prometheus reads them; only some where names are given."""
        if names:
            return generate_latest(self.registry.restricted_registry(list(names)))
        return generate_latest(self.registry)
