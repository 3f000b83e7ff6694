"""Counters and histograms that cost a lookup a fraction of what the library's own do."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from threading import Lock

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString


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


class Series:
    """The durations of one label, counted in buckets.

    Args:
        bounds: The upper bound of each bucket but the last, in ascending order.
    """

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0
        self._changing = Lock()

    def observe(self, value: float) -> None:
        """Count one value in the bucket whose bound it does not exceed."""
        bucket = bisect_left(self._bounds, value)
        with self._changing:
            self._counts[bucket] += 1
            self._sum += value

    def read(self) -> tuple[list[int], float]:
        """Return the values up to each bound, and the sum of all, from the same moment."""
        with self._changing:
            return list(accumulate(self._counts)), self._sum


class Histograms(Collector):
    """The series of one metric by label; each shows from its first value on.

    Args:
        registry: Shows them.
        name: Of the metric.
        about: Its help text.
        label: The name of its label; empty for a metric without one, whose word is "".
        words: The values of the label.
        bounds: The upper bounds of the buckets.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what the library's own histogram takes
        self,
        registry: CollectorRegistry,
        name: str,
        about: str,
        label: str,
        words: Iterable[str],
        bounds: Sequence[float],
    ) -> None:
        self._name, self._about = name, about
        self._labels = [label] if label else []
        ends = (*bounds, float("inf"))
        self._ends = [floatToGoString(end) for end in ends]  # type: ignore[no-untyped-call]
        self.by_word = {word: Series(bounds) for word in words}
        registry.register(self)

    def describe(self) -> Iterator[HistogramMetricFamily]:
        """Return the metric without its series, so that it is found by name."""
        yield self._family()

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Return the series that have values."""
        family = self._family()
        for word, series in self.by_word.items():
            counts, total = series.read()
            # One without a label always shows, as the library's own do.
            if counts[-1] or not self._labels:
                buckets = list(zip(self._ends, map(float, counts), strict=True))
                family.add_metric([str(word)] if self._labels else [], buckets, total)
        yield family

    def _family(self) -> HistogramMetricFamily:
        return HistogramMetricFamily(self._name, self._about, labels=self._labels)
