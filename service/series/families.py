"""What every metric is made with: one registry, and the three kinds that the service has."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import prometheus_client
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    PlatformCollector,
    ProcessCollector,
    Summary,
)

from service.series.buckets import DURATIONS
from service.series.histograms import Histograms, Series

Word = TypeVar("Word", bound=str)
Metric = TypeVar("Metric", Counter, Gauge)


class Families:
    """Makes metrics in a registry of its own.

    Attributes:
        registry: Holds them, and those of the process and of Python.
    """

    def __init__(self) -> None:
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry(auto_describe=True)  # Or name[] finds no process_*.
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

    def counter(self, name: str, about: str, *labels: str) -> Counter:
        """Return a new counter."""
        return Counter(name, about, labels, registry=self.registry)

    def gauge(self, name: str, about: str, *labels: str) -> Gauge:
        """Return a new gauge."""
        return Gauge(name, about, labels, registry=self.registry)

    def summary(self, name: str, about: str) -> Summary:
        """Return a sum and a count, where a mean is enough: a histogram has 44 lines."""
        return Summary(name, about, registry=self.registry)

    def histogram(
        self,
        name: str,
        about: str,
        label: str = "",
        words: Iterable[str] = ("",),
        *,
        buckets: Sequence[float] = DURATIONS,
    ) -> dict[str, Series]:
        """Return the series of a histogram by the words of its label, or its only one under ""."""
        return Histograms(self.registry, name, about, label, words, buckets).by_word


def by_word(metric: Metric, words: Iterable[Word]) -> dict[Word, Metric]:
    """Return a series for each word; it exists from now on, so that a count of 0 shows."""
    return {word: metric.labels(word) for word in words}
