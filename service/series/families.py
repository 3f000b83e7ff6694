"""What every metric is made with: one registry, and the three kinds that the service has."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar, overload

import prometheus_client
from prometheus_client import (
    CollectorRegistry,
    Gauge,
    PlatformCollector,
    ProcessCollector,
    Summary,
)

from service.series.buckets import DURATIONS
from service.series.collectors import Count, Counters, Histograms, Series

Word = TypeVar("Word", bound=str)


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

    def counter(self, name: str, about: str, *labels: str) -> Counters:
        """Return a new counter."""
        return Counters(self.registry, name, about, labels)

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


@overload
def by_word(metric: Counters, words: Iterable[Word]) -> dict[Word, Count]: ...
@overload
def by_word(metric: Gauge, words: Iterable[Word]) -> dict[Word, Gauge]: ...
def by_word(metric: Counters | Gauge, words: Iterable[Word]) -> Mapping[Word, Count | Gauge]:
    """Return a series for each word; it exists from now on, so that a count of 0 shows."""
    return {word: metric.labels(word) for word in words}
