"""The load generator's own metrics for Prometheus: counters and histograms, in seconds."""

from collections.abc import Callable, Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily as Counter
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from loadtests.page.snapshot import View
from loadtests.sender.histogram import Histogram

CONTENT_TYPE = CONTENT_TYPE_LATEST

_DECADE = (10, 13, 18, 24, 32, 42, 56, 75)
BUCKETS_SECONDS = (
    *(float(f"{digits}e{power}") for power in range(-5, -1) for digits in _DECADE),
    *(1.0, 1.8, 3.2, 5.6, 10.0, 18.0, 32.0),
)
"""Bounds from 0.1 ms, a cache hit, to 32 s, a request that is given up: eight a decade up
to 1 s, each a third above the one before, so that a percentile is off by a third at worst."""

_ROW = ["scenario", "result"]


class LoadCollector(Collector):
    """Turns the present view of a run into metrics.

    Args:
        view: Returns the present view.
        users: Returns the number of Locust users.
    """

    def __init__(self, view: Callable[[], View], users: Callable[[], int]) -> None:
        self._view = view
        self._users = users

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        view = self._view()
        yield from self._lookups(view)
        tallies = view.tallies
        yield _histogram("loadtest_slip_seconds", "From intended start to slot.", tallies.slip)
        yield _histogram(
            "loadtest_staleness_seconds",
            "How long a stale value had been superseded.",
            tallies.staleness,
        )
        yield Counter("loadtest_dropped", "Arrivals dropped after a long wait.", tallies.dropped)
        yield Counter(
            "loadtest_writes", "Writes that were sent.", tallies.writes + tallies.failed_writes
        )
        yield Counter("loadtest_stale_reads", "Reads older than a write.", tallies.stale_reads)
        yield Gauge("loadtest_target_rate", "Target arrivals a second.", view.target_rate)
        yield Counter(
            "loadtest_target_arrivals", "Arrivals that the target asked for.", view.target_arrivals
        )
        yield Counter("loadtest_sent", "Requests with a target that were sent.", view.sent)
        yield Gauge("loadtest_in_flight", "Requests in flight.", tallies.in_flight)
        yield Gauge("loadtest_users", "Locust users.", self._users())
        yield Gauge("loadtest_workers", "Worker processes; 0 in one process.", view.workers)
        yield from _theory(view)

    def _lookups(self, view: View) -> Iterator[Metric]:
        requests = Counter("loadtest_requests", "Lookups by result.", labels=_ROW)
        response = HistogramMetricFamily(
            "loadtest_response_seconds", "From intended start to last byte.", labels=_ROW
        )
        service = HistogramMetricFamily(
            "loadtest_service_seconds", "From slot to last byte.", labels=_ROW
        )
        # Only what happened: each row has about 90 lines.
        for row, clocks in sorted(view.tallies.by_row.items()):
            requests.add_metric(row, clocks.response.count)
            response.add_metric(row, *_buckets(clocks.response))
            service.add_metric(row, *_buckets(clocks.service))
        yield from (requests, response, service)


def _theory(view: View) -> Iterator[Metric]:
    predicted = Gauge("loadtest_predicted_hit_ratio", "Predicted for the TTL in force.")
    if view.predicted_hit_ratio is not None:
        predicted.add_metric([], view.predicted_hit_ratio)
    yield predicted
    near = Gauge("loadtest_predicted_near_ratio", "Predicted share of lookups that are near.")
    if view.predicted_near_ratio is not None:
        near.add_metric([], view.predicted_near_ratio)
    yield near
    curve = Gauge(
        "loadtest_theory_hit_ratio", "Predicted for a grid of TTLs.", labels=["ttl_seconds"]
    )
    for ttl_seconds, ratio in view.theory.items():
        if ratio is not None:
            curve.add_metric([f"{ttl_seconds:g}"], ratio)
    yield curve


def _buckets(histogram: Histogram) -> tuple[list[tuple[str, float]], float]:
    below = histogram.counts_below(BUCKETS_SECONDS)
    pairs = [(str(bound), float(n)) for bound, n in zip(BUCKETS_SECONDS, below, strict=True)]
    return [*pairs, ("+Inf", float(histogram.count))], histogram.sum_seconds


def _histogram(name: str, text: str, histogram: Histogram) -> Metric:
    buckets, total = _buckets(histogram)
    return HistogramMetricFamily(name, text, buckets=buckets, sum_value=total)


class Exposition:
    """The page /metrics of a load generator.

    Args:
        collector: Yields its metrics.

    Attributes:
        registry: Holds *collector* for prometheus_client's own server.
    """

    def __init__(self, collector: LoadCollector) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(collector)

    def page(self) -> bytes:
        """Return the page in the text format of Prometheus."""
        return generate_latest(self.registry)
