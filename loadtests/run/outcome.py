"""The outcome of a run, from which summary.json and the closing lines are made."""

from dataclasses import dataclass
from typing import Any

from loadtests.prediction.stale_reads import Staleness
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
        predicted_hit_ratio: By theory; None where it makes no prediction.
        top_shares: Share of lookups to the 1, 10, 100 most popular ids; empty where these change.
        predicted_staleness: How stale reads should be; None where theory makes no prediction.
        fenced: Whether fills were fenced throughout; then no read may go back in time.
        unreported: A sentence for each worker that was lost before its last report.
    """

    settings: LoadSettings
    tallies: Tallies
    started_at: float
    ended_at: float
    predicted_hit_ratio: float | None
    top_shares: dict[str, float]
    fenced: bool = True
    predicted_staleness: Staleness | None = None
    unreported: tuple[str, ...] = ()


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
        "unreported": list(outcome.unreported),
    }
