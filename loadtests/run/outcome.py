"""The outcome of a run, from which summary.json and the closing lines are made."""

import math
from dataclasses import dataclass
from typing import Any

from loadtests.prediction.stale_reads import Staleness
from loadtests.run.run_parts import PartFigures, pooled_warm_hit_ratio
from loadtests.sender.oracle import VISIBLE_SECONDS
from loadtests.sender.tallies import Tallies
from loadtests.workload.load_settings import LoadSettings


@dataclass(frozen=True)
class Outcome:
    """A run that has ended.

    Attributes:
        settings: What the run was asked to do.
        tallies: What all processes counted.
        started_at, ended_at: Unix seconds; the run ends when every request is drained.
        parts: What was measured while the knobs and the traffic stayed as they were.
        began_empty: Whether the service's cache was emptied before the run.
        warm_tallies: What was counted since the cache was warm; None if it never was.
        top_shares: Share of lookups to the 1, 10, 100 most popular ids; empty where these change.
        predicted_staleness: How stale reads should be; None where theory makes no prediction.
        fenced: Whether fills were fenced throughout; then no read may go back in time.
        key_hit_ratio: By a target's counters, or its Redis' INFO; None if they were not read.
        unreported: A sentence for each worker that was lost before its last report.
    """

    settings: LoadSettings
    tallies: Tallies
    started_at: float
    ended_at: float
    top_shares: dict[str, float]
    parts: tuple[PartFigures, ...] = ()
    began_empty: bool = True
    warm_tallies: Tallies | None = None
    fenced: bool = True
    predicted_staleness: Staleness | None = None
    unreported: tuple[str, ...] = ()
    key_hit_ratio: float | None = None

    @property
    def predicted_hit_ratio(self) -> float | None:
        """By theory, for the last part; None where it makes no prediction."""
        return self.parts[-1].part.predicted_hit_ratio if self.parts else None

    @property
    def warm_hit_ratio(self) -> float | None:
        """Over the warm time of all parts; None if none was warm."""
        return pooled_warm_hit_ratio(self.parts)


def summarise(outcome: Outcome) -> dict[str, Any]:
    """Return the content of summary.json; unknown is None."""
    tallies = outcome.tallies
    judged = tallies.judged_reads > 0
    expected = outcome.predicted_staleness
    return {
        "started_at": outcome.started_at,
        "ended_at": outcome.ended_at,
        "target_rate": outcome.settings.rate,
        "arrivals": tallies.arrivals,
        "completed": tallies.completed,
        "dropped": tallies.dropped,
        "failed": tallies.failed,
        "results": tallies.results(),
        "hit_ratio": tallies.hit_ratio(),
        "warm_hit_ratio": outcome.warm_hit_ratio,
        **_by_keys(outcome),
        "cache_at_start": "empty" if outcome.began_empty else "kept",
        "writes": tallies.writes,
        "failed_writes": tallies.failed_writes,
        "dropped_writes": tallies.dropped_writes,
        "slip_p50_seconds": tallies.slip.quantile(0.5),
        "slip_p99_seconds": tallies.slip.quantile(0.99),
        "max_in_flight_seen": tallies.max_in_flight_seen,
        "queued": tallies.queued,
        "cpu_ratio": tallies.cpu_ratio,
        "predicted_hit_ratio": outcome.predicted_hit_ratio,
        "top_shares": outcome.top_shares or None,
        "judged_reads": tallies.judged_reads if judged else None,
        "stale_reads": tallies.stale_reads if judged else None,
        "impossible_reads": tallies.impossible_reads(fenced=outcome.fenced) if judged else None,
        "staleness_mean_seconds": tallies.staleness.mean_seconds,
        "stale_ratio": tallies.stale_ratio,
        "predicted_stale_ratio": expected.stale_ratio if expected else None,
        "predicted_staleness_mean_seconds": expected.mean_seconds if expected else None,
        "writes_visible_after_seconds": VISIBLE_SECONDS if judged else None,
        "writes_visible_ratio": tallies.visible_ratio,
        "predicted_writes_visible_ratio": expected.visible_ratio if expected else None,
        "warm": _warm_reads(outcome.warm_tallies),
        "unreported": list(outcome.unreported),
        "parts": [_summarise_part(figures) for figures in outcome.parts],
    }


def _by_keys(outcome: Outcome) -> dict[str, float | None]:
    """Return the hit ratio that others than the client counted, by who did."""
    target, ratio = outcome.settings.target, outcome.key_hit_ratio
    has_counters = target is not None and target.counters is not None
    return {
        "redis_hit_ratio": None if has_counters else ratio,
        "counters_hit_ratio": ratio if has_counters else None,
    }


def _warm_reads(tallies: Tallies | None) -> dict[str, Any] | None:
    """Return how stale the judged reads were once the cache was warm; None if it never was."""
    if tallies is None or not tallies.judged_reads:
        return None
    return {
        "judged_reads": tallies.judged_reads,
        "stale_reads": tallies.stale_reads,
        "staleness_mean_seconds": tallies.staleness.mean_seconds,
        "reads_after_write": tallies.reads_after_write,
        "writes_visible_ratio": tallies.visible_ratio,
    }


def _summarise_part(figures: PartFigures) -> dict[str, Any]:
    part = figures.part
    return {
        "begins_seconds": part.begins,
        "ends_seconds": figures.ends,
        "warm_from_seconds": None if math.isinf(part.warm_from) else part.warm_from,
        "knobs": dict(part.knobs),
        "hit_ratio": figures.hit_ratio,
        "warm_hit_ratio": figures.warm_hit_ratio,
        "replayed_hit_ratio": figures.replayed_hit_ratio,
        "predicted_hit_ratio": part.predicted_hit_ratio,
    }
