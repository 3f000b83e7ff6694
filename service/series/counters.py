"""Counters that cost a lookup a third of the library's, which checks its labels at every count."""

from collections.abc import Iterator, Sequence
from threading import Lock

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily
from prometheus_client.registry import Collector


class Count:
    """How often something happened."""

    __slots__ = ("_changing", "_count")

    def __init__(self) -> None:
        self._count = 0
        self._changing = Lock()

    def inc(self, times: int = 1) -> None:
        """Count that it happened, or happened several times."""
        with self._changing:
            self._count += times

    def read(self) -> int:
        """Return how often it happened."""
        return self._count


class Counters(Collector):
    """The counts of one metric by its labels; each shows from when it is first asked for.

    Args:
        registry: Shows them.
        name: Of the metric.
        about: Its help text.
        labels: The names of its labels.
    """

    def __init__(
        self, registry: CollectorRegistry, name: str, about: str, labels: Sequence[str]
    ) -> None:
        self._name, self._about, self._labels = name, about, labels
        self._counts: dict[tuple[str, ...], Count] = {}
        registry.register(self)

    def labels(self, *words: str) -> Count:
        """Return the count for the values of the labels."""
        return self._counts.setdefault(tuple(map(str, words)), Count())

    def describe(self) -> Iterator[CounterMetricFamily]:
        """Return the metric without its series, so that it is found by name."""
        yield CounterMetricFamily(self._name, self._about, labels=self._labels)

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Return every series."""
        for family in self.describe():
            for words, count in list(self._counts.items()):
                family.add_metric(words, count.read())
            yield family
