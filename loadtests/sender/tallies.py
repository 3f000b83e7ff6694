"""The results of a run so far: counts and latencies by scenario and result."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadtests.sender.histogram import Histogram
from loadtests.sender.oracle import Judgement, Verdict
from loadtests.sender.samples import DROPPED, FAILED, RESULTS, SAMPLE_DTYPE
from loadtests.sender.timeline import Timeline
from loadtests.service_under_test.contract import hit_ratio

LookupRow = tuple[float, float, float, int, int]
"""Intended start (s since the run's start), response, service (s), result, scenario index."""

_MOMENTARY = {"in_flight", "max_in_flight_seen", "backlog", "overdue"}


@dataclass
class Clocks:
    """Both latencies of one scenario and result.

    Attributes:
        response: Response times, from the intended start.
        service: Service times, from the start of sending.
    """

    response: Histogram = field(default_factory=Histogram)
    service: Histogram = field(default_factory=Histogram)


@dataclass
class Tallies:
    """The tallies of one process, or the sum of several.

    Attributes:
        arrivals: Requests that were due and submitted, writes included.
        overdue: Arrivals that were due when the run ended, but had not been submitted.
        backlog: Arrivals that were queued or under way when the run was stopped; 0 if it reached
            its own end.
        queued: Arrivals that found no free slot.
        max_in_flight_seen: Most requests under way at one time.
        in_flight: Requests under way now.
        writes, failed_writes, dropped_writes: Writes acknowledged; sent and not acknowledged;
            never sent.
        judged_reads, stale_reads, never_written_reads, regressed_reads: See `oracle`; a regressed
            read counts as stale too.
        reads_after_write: Reads about `oracle.VISIBLE_SECONDS` after a write of their key.
        writes_visible: Those of them that showed it.
        by_row: Latencies by (scenario, result).
        slip: How much later than intended a request got its slot.
        staleness: How long the value of a stale read had been superseded.
        timeline: Results of lookups by the time at which they were due.
        cpu_ratio: CPU seconds per second of the busiest process; None before it was measured.
        rows: Lookups since the last fold.
        stale_seconds: Staleness of the stale reads since the last fold.
    """

    arrivals: int = 0
    overdue: int = 0
    backlog: int = 0
    queued: int = 0
    max_in_flight_seen: int = 0
    in_flight: int = 0
    writes: int = 0
    failed_writes: int = 0
    dropped_writes: int = 0
    judged_reads: int = 0
    stale_reads: int = 0
    never_written_reads: int = 0
    regressed_reads: int = 0
    reads_after_write: int = 0
    writes_visible: int = 0
    by_row: dict[tuple[str, str], Clocks] = field(default_factory=dict)
    slip: Histogram = field(default_factory=Histogram)
    staleness: Histogram = field(default_factory=Histogram)
    timeline: Timeline = field(default_factory=Timeline)
    cpu_ratio: float | None = None
    rows: list[LookupRow] = field(default_factory=list)
    stale_seconds: list[float] = field(default_factory=list)

    def fold(self, scenarios: list[str], started_at: float) -> NDArray[np.void]:
        """Count the lookups since the last fold and return them as samples."""
        rows, self.rows = self.rows, []
        stale_seconds, self.stale_seconds = self.stale_seconds, []
        self.staleness.add(np.array(stale_seconds))
        table = np.array(rows, dtype=np.float64).reshape(-1, 5)
        samples = np.empty(len(rows), dtype=SAMPLE_DTYPE)
        intended, samples["response"], samples["service"], results, _ = table.T
        samples["intended"] = intended + started_at
        samples["result"] = results
        self.timeline.add(intended, results.astype(np.int64))
        for scenario, result in {(row[4], row[3]) for row in rows}:
            chosen = table[(table[:, 4] == scenario) & (table[:, 3] == result)]
            self._add(scenarios[scenario], RESULTS[result], chosen)
        return samples

    def _add(self, scenario: str, result: str, chosen: NDArray[np.float64]) -> None:
        clocks = self.by_row.setdefault((scenario, result), Clocks())
        clocks.response.add(chosen[:, 1])
        if result == RESULTS[DROPPED]:
            return
        clocks.service.add(chosen[:, 2])
        self.slip.add(chosen[:, 1] - chosen[:, 2])

    def results(self) -> dict[str, int]:
        """Return the number of lookups by result, including results without lookups."""
        counts = dict.fromkeys(RESULTS, 0)
        for (_, result), clocks in self.by_row.items():
            counts[result] += clocks.response.count
        return counts

    def judge(self, judgement: Judgement) -> None:
        """Count one judged read."""
        self.judged_reads += 1
        self.never_written_reads += judgement.verdict is Verdict.NEVER_WRITTEN
        self.regressed_reads += judgement.verdict is Verdict.REGRESSED
        self.stale_reads += judgement.verdict in (Verdict.STALE, Verdict.REGRESSED)
        self.reads_after_write += judgement.shows_write is not None
        self.writes_visible += judgement.shows_write is True
        if judgement.stale_seconds is not None:
            self.stale_seconds.append(judgement.stale_seconds)

    def impossible_reads(self, *, fenced: bool) -> int:
        """Return reads of a value never written and, with fenced fills, reads that regressed."""
        return self.never_written_reads + (self.regressed_reads if fenced else 0)

    @property
    def stale_ratio(self) -> float | None:
        """The share of judged reads that were stale; None without any."""
        return self.stale_reads / self.judged_reads if self.judged_reads else None

    @property
    def visible_ratio(self) -> float | None:
        """The share of reads soon after a write that showed it; None without any."""
        return self.writes_visible / self.reads_after_write if self.reads_after_write else None

    @property
    def dropped(self) -> int:
        """Requests that waited too long and were never sent."""
        return self.results()[RESULTS[DROPPED]] + self.dropped_writes

    @property
    def failed(self) -> int:
        """Requests without a valid answer."""
        return self.results()[RESULTS[FAILED]] + self.failed_writes

    @property
    def completed(self) -> int:
        """Lookups and writes that got a valid answer."""
        counts = self.results()
        lookups = sum(counts.values()) - counts[RESULTS[DROPPED]] - counts[RESULTS[FAILED]]
        return lookups + self.writes

    def hit_ratio(self) -> float | None:
        """Return the share of lookups answered by the cache; None without lookups."""
        return hit_ratio(self.results())

    def response(self) -> Histogram:
        """Return the response times of all lookups."""
        total = Histogram()
        for clocks in self.by_row.values():
            total.merge(clocks.response)
        return total

    def since(self, earlier: "Tallies") -> "Tallies":
        """Return the results after *earlier*, a former copy; the timeline stays whole."""
        later = add_up([self.to_message()])
        for name in set(_COUNTERS) - _MOMENTARY:
            setattr(later, name, getattr(self, name) - getattr(earlier, name))
        for row, clocks in earlier.by_row.items():
            now = later.by_row.setdefault(row, Clocks())
            response = now.response.since(clocks.response)
            later.by_row[row] = Clocks(response, now.service.since(clocks.service))
        later.slip = self.slip.since(earlier.slip)
        later.staleness = self.staleness.since(earlier.staleness)
        return later

    def to_message(self) -> dict[str, Any]:
        """Return everything that was folded, for a message to the master."""
        return {
            "counters": {name: getattr(self, name) for name in _COUNTERS},
            "rows": [
                [scenario, result, clocks.response.to_message(), clocks.service.to_message()]
                for (scenario, result), clocks in self.by_row.items()
            ],
            "slip": self.slip.to_message(),
            "staleness": self.staleness.to_message(),
            "timeline": self.timeline.to_message(),
            "cpu_ratio": self.cpu_ratio,
        }


_COUNTERS = [each.name for each in fields(Tallies) if each.type is int]


def add_up(reports: Iterable[dict[str, Any]]) -> Tallies:
    """Return the sum of the processes' last reports (`Tallies.to_message`)."""
    total = Tallies()
    for report in reports:
        for name, value in report["counters"].items():
            setattr(total, name, getattr(total, name) + value)
        for scenario, result, response, service in report["rows"]:
            clocks = total.by_row.setdefault((scenario, result), Clocks())
            clocks.response.merge(Histogram.from_message(response))
            clocks.service.merge(Histogram.from_message(service))
        total.slip.merge(Histogram.from_message(report["slip"]))
        total.staleness.merge(Histogram.from_message(report["staleness"]))
        total.timeline.merge(Timeline.from_message(report["timeline"]))
        if report["cpu_ratio"] is not None:
            total.cpu_ratio = max(total.cpu_ratio or 0.0, report["cpu_ratio"])
    return total
