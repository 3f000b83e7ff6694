"""Measures a fault: what clients saw, what the metrics said, seconds until all is well again."""

import itertools
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tests.drills.counts import sum_metric
from tests.drills.http_client import Answer
from tests.drills.knob_control import call
from tests.drills.machine import CpuTimes
from tests.drills.steady_load import quantile_ms
from tests.faults.fault import Fault
from tests.faults.probe import Probe
from tests.faults.stage import Stage
from tests.faults.traffic import FIRST_COLD, WARM, WRITTEN, Traffic

CALM_SECONDS = 1.0
AFTER_SECONDS = 0.5
LIMIT_SECONDS = 20.0
WATCHED = {
    "cacheaside_cache_errors_total": ("", "cache errors"),
    "cacheaside_fills_total": ("outcome", "fills"),
    "cacheaside_invalidations_total": ("outcome", "invalidations"),
    "cacheaside_store_queries_total": ("outcome", "queries"),
}
USUAL = {"stored", "redundant", "done", "ok", "absent"}
"""Outcomes that say nothing of a fault."""


@dataclass(frozen=True)
class Figures:
    """What one fault did.

    Attributes:
        seconds: How long it lasted.
        results: The lookups that began while it lasted, by result.
        requests: All lookups and writes, from a second before it until all was well.
        writes: Those that were acknowledged.
        failed_lookups: Lookups of existing ids, from first to last, that were not answered.
        failed_hits: Those among them whose id was cached.
        errors_500: Answers of 500 to anything.
        refused_writes: Writes that were not acknowledged.
        lost_writes: Acknowledged writes that the database does not have.
        stale: Lookups that returned an older row than a write acknowledged before them, and
            entries that differ from the database when all is well again.
        well_seconds: From the heal until cached ids are hits, cold ones are stored, a write is
            invalidated and every process is ready; None when that took too long.
        slowest_hit_ms: The slowest lookup of an id that was cached; None if nobody measured it.
        metrics: What the services' metrics said, in words.
        disagree: By how much the services' counts of lookups differ from the clients'.
        others: Cores that other programs used meanwhile.
    """

    seconds: float
    results: Counter[str]
    requests: int
    writes: int
    failed_lookups: int
    failed_hits: int
    errors_500: int
    refused_writes: int
    lost_writes: int
    stale: int
    well_seconds: float | None
    slowest_hit_ms: float | None
    metrics: str
    disagree: Counter[str]
    others: float


@dataclass
class Measurements:
    """Measures faults one after the other on one stage."""

    stage: Stage
    cold: Iterator[int]
    number: int = 0

    @classmethod
    def on(cls, stage: Stage) -> "Measurements":
        return cls(stage, itertools.count(FIRST_COLD))

    def measure(self, fault: Fault) -> Figures:
        stage, began = self.stage, CpuTimes.now()
        self.number += 1
        probe = Probe(stage.urls, self.cold)
        probe.warm(WARM)
        call(stage.urls[0], "DELETE", "/control/cache")
        probe.warm(WARM)
        metrics = MetricsDuring(stage.urls)
        before = len(probe.lookups)
        with Traffic(stage.urls, self.cold, 1_000_000 + 10_000 * self.number) as traffic:
            time.sleep(CALM_SECONDS)
            struck = time.monotonic()
            with fault.run(stage):
                time.sleep(fault.seconds)
                metrics.look(stage.urls[1:] if fault.of_one_process else stage.urls)
            healed = time.monotonic()
            well = probe.wait_until_well(healed, LIMIT_SECONDS)
            time.sleep(AFTER_SECONDS)
        lookups = [*traffic.lookups, *probe.lookups[before:]]
        # A process that ended has forgotten what it counted.
        said = metrics.words(is_counted=fault.is_counted)
        disagree = metrics.disagreement(lookups) if fault.is_counted else Counter()
        answers = [*traffic.lookups, *traffic.writes]
        refused = sum(answer.status not in {200, 201} for answer in traffic.writes)
        return Figures(
            seconds=fault.seconds,
            results=traffic.results(struck, healed),
            requests=len(answers),
            writes=len(answers) - len(traffic.lookups) - refused,
            failed_lookups=_failed(traffic.lookups),
            failed_hits=_failed(traffic.hits),
            errors_500=sum(a.status == 500 for a in [*answers, *probe.answers]),
            refused_writes=refused,
            lost_writes=self._lost(traffic),
            stale=traffic.stale + self._old_entries(probe),
            well_seconds=well,
            slowest_hit_ms=quantile_ms(traffic.hits, 1),
            metrics=said,
            disagree=disagree,
            others=CpuTimes.now().others_since(began),
        )

    def _rows(self) -> dict[int, int]:
        with self.stage.database_admin() as admin:
            admin.execute(
                "SELECT id, quantity FROM fruit WHERE id BETWEEN %s AND %s",
                (WRITTEN[0], WRITTEN[-1]),
            )
            return dict(admin.fetchall())

    def _lost(self, traffic: Traffic) -> int:
        rows = self._rows()
        return sum(rows[fruit_id] < row.acknowledged for fruit_id, row in traffic.rows.items())

    def _old_entries(self, probe: Probe) -> int:
        """Count written ids of which a process returns another row than the database has."""
        return sum(
            answer.quantity != quantity
            for fruit_id, quantity in self._rows().items()
            for answer in probe.on_all(fruit_id)
        )


def _failed(answers: list[Answer]) -> int:
    return sum(answer.status != 200 for answer in answers)


class MetricsDuring:
    """What the services' metrics say of a fault, in words.

    Args:
        urls: The services.
    """

    def __init__(self, urls: list[str]) -> None:
        self._urls = urls
        self._open: list[str] = []
        self._before = self._counts()
        self._lookups = self._results()

    def look(self, urls: list[str]) -> None:
        """Note which breakers are open now."""
        opened = sum_metric(urls, "cacheaside_breaker_open", "dependency")
        self._open = [f"breaker of {name} open" for name in sorted(opened)]

    def words(self, *, is_counted: bool) -> str:
        """Return which breakers were open, and the counters that moved since."""
        moved = self._counts() - self._before if is_counted else Counter()
        return ", ".join([*self._open, *(f"{name} {n}" for name, n in sorted(moved.items()))])

    def disagreement(self, lookups: list[Answer]) -> Counter[str]:
        """Return the services' lookups since, by result, minus those that clients saw."""
        counted, seen = self._results(), Counter(answer.result for answer in lookups)
        counted.subtract(self._lookups)
        counted.subtract(seen)
        return Counter({result: number for result, number in counted.items() if number})

    def _results(self) -> Counter[str]:
        return sum_metric(self._urls, "cacheaside_lookups_total", "result")

    def _counts(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        for metric, (label, noun) in WATCHED.items():
            for outcome, number in sum_metric(self._urls, metric, label).items():
                if outcome not in USUAL:
                    counts[f"{noun} {outcome}".strip()] += number
        return counts
