"""One look at a run: what the web page and /metrics show."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from loadtests.sender.tallies import Tallies

THEORY_TTLS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 3600.0)
"""The fixed grid of the theory curve, in seconds."""


@dataclass(frozen=True)
class View:
    """One look. Ratios are None where nothing is known.

    Attributes:
        tallies: Since the run's start.
        shown: Since Locust's statistics were last reset, for the page.
        recent_hit_ratio: Over the last ten seconds or so.
        predicted_hit_ratio: By theory, under the knobs in force.
        theory: The same for each TTL of THEORY_TTLS.
        store_queries_per_second: Of the service, by everyone.
        fenced: Whether fills have been fenced all through the run.
        workers: Worker processes; 0 in a single process.
    """

    tallies: Tallies = field(default_factory=Tallies)
    shown: Tallies = field(default_factory=Tallies)
    recent_hit_ratio: float | None = None
    predicted_hit_ratio: float | None = None
    theory: Mapping[float, float | None] = field(default_factory=dict)
    store_queries_per_second: float | None = None
    fenced: bool = False
    workers: int = 0
