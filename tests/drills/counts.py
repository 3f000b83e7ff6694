"""Counters of the services' /metrics pages, summed over the processes."""

import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

from tests.drills.http_client import Answer


def sum_metric(urls: Iterable[str], name: str, label: str) -> Counter[str]:
    """Sum one metric over processes, by the values of a label; zeros are omitted."""
    sums: Counter[str] = Counter()
    query = urllib.parse.urlencode({"name[]": name})
    for url in urls:
        with urllib.request.urlopen(f"{url}/metrics?{query}", timeout=10) as page:
            text = page.read().decode()
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == name and sample.value:
                    sums[sample.labels.get(label, "")] += int(sample.value)
    return sums


@dataclass
class Counts:
    """Differences of the services' counters since this object was created."""

    urls: list[str]
    _before: dict[str, Counter[str]] = field(default_factory=dict)

    NAMES = (
        ("cacheaside_lookups_total", "result"),
        ("cacheaside_fills_total", "outcome"),
        ("cacheaside_invalidations_total", "outcome"),
        ("cacheaside_store_queries_total", "op"),
    )

    def __post_init__(self) -> None:
        self._before = {name: sum_metric(self.urls, name, label) for name, label in self.NAMES}

    def lookups(self) -> Counter[str]:
        """Return lookups by result."""
        return self._since(0)

    def fills(self) -> Counter[str]:
        """Return fills by outcome."""
        return self._since(1)

    def invalidations(self) -> Counter[str]:
        """Return invalidations by outcome."""
        return self._since(2)

    def selects(self) -> int:
        """Return the number of loads (SELECTs of one row), whatever their outcome."""
        return self._since(3)["select"]

    def _since(self, number: int) -> Counter[str]:
        name, label = self.NAMES[number]
        return sum_metric(self.urls, name, label) - self._before[name]


def results(answers: Iterable[Answer]) -> Counter[str]:
    """Count answers by the result that each reports."""
    return Counter(answer.result for answer in answers)
