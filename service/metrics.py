"""Which event changes which metric; service/series declares them, docs/metrics.md lists them.

Every event is recorded here, because a lookup reports several and each file that it enters costs.
"""

import platform
from collections.abc import Sequence

from prometheus_client.exposition import generate_latest

from service.domain.cache import FillOutcome, InvalidationOutcome
from service.domain.knobs import Knobs
from service.domain.lookup import LookupResult, MissReason
from service.domain.store import ShadowOutcome
from service.series.cache_series import CacheSeries
from service.series.families import Families
from service.series.http_series import METHODS, HttpSeries
from service.series.knob_series import KnobSeries
from service.series.lookup_series import LookupSeries
from service.series.store_series import StoreSeries

VERSION = "0.1.0"


class Metrics:
    """Counts the events of an `Observer` in a registry of its own.

    Args:
        limits: The settings to show beside them, by name.
    """

    def __init__(self, **limits: int) -> None:
        families = Families()
        self.registry = families.registry
        self._lookups = LookupSeries(families)
        self._cache = CacheSeries(families)
        self._store = StoreSeries(families)
        self._knobs = KnobSeries(families)
        self._http = HttpSeries(families)
        for name, limit in limits.items():
            families.gauge(f"cacheaside_{name}", f"The setting {name}").set(limit)
        build = families.gauge("cacheaside_build_info", "The program", "version", "python")
        build.labels(VERSION, platform.python_version()).set(1)

    def lookup_ended(self, result: LookupResult, seconds: float, age_seconds: float | None) -> None:
        """Count a lookup and its duration, and the age of what it served."""
        self._lookups.results[result].inc()
        self._lookups.seconds[result].observe(seconds)
        if age_seconds is not None:
            self._lookups.ages.observe(age_seconds)

    def missed(self, reason: MissReason) -> None:
        """Count why a lookup missed."""
        self._lookups.misses[reason].inc()

    def cache_op(self, op: str, seconds: float, found: int, missing: int) -> None:
        """Record the duration of an exchange of a lookup or write, and the keys that it read."""
        if series := self._cache.op_seconds.get(op):
            series.observe(seconds)
        if found:
            self._cache.keys_found.inc(found)
        if missing:
            self._cache.keys_missing.inc(missing)

    def cache_error(self, op: str) -> None:
        """Count a failed exchange, or a poisoned value."""
        self._cache.errors[op].inc()

    def key_reads(self, found: int, missing: int) -> None:
        """Count the keys of an exchange whose replies came late."""
        self._cache.keys_found.inc(found)
        self._cache.keys_missing.inc(missing)

    def fill_ended(self, outcome: FillOutcome) -> None:
        """Count a fill."""
        self._cache.fills[outcome].inc()

    def invalidation_ended(self, outcome: InvalidationOutcome) -> None:
        """Count an invalidation."""
        self._cache.invalidations[outcome].inc()

    def store_query(self, op: str, outcome: str, seconds: float) -> None:
        """Count a query, and its duration if a lookup or write asked for it."""
        self._store.queries[op, outcome].inc()
        if op in self._store.seconds:
            self._store.seconds[op].observe(seconds)

    def shadow_read(self, outcome: ShadowOutcome, age_seconds: float | None) -> None:
        """Count a hit that was read again, and how old it was if it was not right."""
        self._store.shadow_reads[outcome].inc()
        if outcome is not ShadowOutcome.EQUAL and age_seconds is not None:
            self._store.stale_ages.observe(age_seconds)

    def store_in_flight(self, change: int) -> None:
        """Add to the queries in progress, or subtract."""
        self._store.in_flight.inc(change)

    def pending_invalidations(self, count: int) -> None:
        """Show how many invalidations are pending."""
        self._cache.pending.set(count)

    def failed(self, dependency: str, cause: str) -> None:
        """Count a failed call of redis or store by its cause."""
        self._cache.failures.labels(dependency, cause).inc()

    def breaker_turned(self, dependency: str, is_open: bool) -> None:
        """Show whether a breaker is open."""
        self._cache.breakers[dependency].set(int(is_open))

    def knobs_turned(self, knobs: Knobs) -> None:
        """Show the knobs in force."""
        for name, gauge in self._knobs.numbers.items():
            gauge.set(getattr(knobs, name))
        for name, gauges in self._knobs.choices.items():
            for mode, gauge in gauges.items():
                gauge.set(int(getattr(knobs, name) is mode))

    def http_request(self, method: str, route: str, status: int) -> None:
        """Count an answered request; unknown methods share one label."""
        if series := self._http.expected.get((method, route, status)):
            series.inc()
            return
        word = method if method in METHODS else "other"
        self._http.answers.labels(word, route, str(status)).inc()

    def exposition(self, names: Sequence[str]) -> bytes:
        """Return the page for Prometheus; only the named metrics when names are given."""
        if names:
            return generate_latest(self.registry.restricted_registry(list(names)))
        return generate_latest(self.registry)
