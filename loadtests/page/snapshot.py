"""One look at a run: what the web page and /metrics show."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from loadtests.prediction.stale_reads import Staleness
from loadtests.replay.replay_so_far import ReplaySoFar
from loadtests.run.run_parts import PartFigures
from loadtests.sender.tallies import Tallies

THEORY_TTLS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 3600.0)
"""The TTLs of the theory curve, in seconds."""


@dataclass(frozen=True)
class View:
    """A run at one moment; what is unknown is None.

    Attributes:
        tallies: Counted since the start of the run.
        shown: Counted since Locust's statistics were last reset; the web page shows these.
        parts: What was measured in each part of the run so far.
        replay: What the arrivals of the run so far should have found; None where that is unknown.
        began_empty: Whether the service's cache was emptied before the run.
        target_rate: Arrivals a second that are asked for at this moment; 0 where there is none.
        target_arrivals: Arrivals that the target rate asked for since the start of the run.
        sent: Requests of scenarios with a target rate that were sent, writes included.
        recent_hit_ratio: Measured over about the last ten seconds.
        predicted_hit_ratio: Predicted for the knobs in force.
        predicted_near_ratio: Predicted for the knobs in force; None without a near tier.
        predicted_staleness: Predicted for the knobs in force; None also in a run without writes.
        theory: The predicted hit ratio for each TTL of THEORY_TTLS.
        store_queries_per_second: Queries by all users of the service, not only by this load.
        fenced: Whether fills have been fenced throughout the run.
        workers: Number of worker processes; 0 in a single process.
        key_hit_ratio: By the target's counters or its Redis' INFO, over the run.
        keys_told_by: Which of the two, in words.
        has_ended: Whether the run is over.
        target: The service of one's own that is measured, in words; "" for ours.
    """

    tallies: Tallies = field(default_factory=Tallies)
    shown: Tallies = field(default_factory=Tallies)
    parts: tuple[PartFigures, ...] = ()
    replay: ReplaySoFar | None = None
    began_empty: bool = True
    target_rate: float = 0.0
    target_arrivals: float = 0.0
    sent: int = 0
    recent_hit_ratio: float | None = None
    predicted_hit_ratio: float | None = None
    predicted_near_ratio: float | None = None
    predicted_staleness: Staleness | None = None
    theory: Mapping[float, float | None] = field(default_factory=dict)
    store_queries_per_second: float | None = None
    fenced: bool = False
    workers: int = 0
    target: str = ""
    key_hit_ratio: float | None = None
    keys_told_by: str = ""
    has_ended: bool = False
