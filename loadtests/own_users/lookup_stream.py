"""What one user of one's own asks for, and when: keys by a popularity at open-loop arrivals."""

import math
from dataclasses import dataclass, field

from loadtests.traffic.arrivals import ARRIVALS, Arrivals, PacedArrivals, PoissonArrivals
from loadtests.traffic.popularity import Popularity
from loadtests.traffic.rate_shape import Shape
from loadtests.workload.operations import ALL, Operations, Schedule

_GOLDEN_RATIO = 0.618034
"""Phases of paced users at multiples of it lie as far apart as they can, however many there are."""


@dataclass(frozen=True)
class LookupStream:
    """What each user that sends it asks for.

    Attributes:
        keys: Which ids, and how often, such as `Zipf`.
        rate: Lookups a second of each user, before the shape.
        arrivals: "poisson" or "paced".
        shape: How the rate moves over the run.
        seed: Fixes the arrivals; every user draws a sequence of its own.
        max_in_flight: Most lookups of one user under way at a time; the others wait for a turn.
            The `concurrency` of a FastHttpUser bounds them too.
        max_wait_seconds: A lookup that has waited for so long is dropped.
    """

    keys: Popularity
    rate: float
    arrivals: str = "poisson"
    shape: Shape = field(default_factory=Shape)
    seed: int = 1
    max_in_flight: int = 100
    max_wait_seconds: float = 10.0

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ValueError: One cannot be used.
        """
        if not 0 < self.rate < math.inf:
            raise ValueError(f"rate must be above 0 lookups a second, got {self.rate!r}; try 50")
        if self.arrivals not in ARRIVALS:
            raise ValueError(
                f"arrivals must be one of {', '.join(ARRIVALS)}, got {self.arrivals!r}"
            )
        if self.max_in_flight < 1:
            raise ValueError(f"max_in_flight must be at least 1, got {self.max_in_flight!r}")

    def operations(self, sequence: int, start: float) -> Operations:
        """Return the lookups of one user.

        Args:
            sequence: Number of the user's random sequence.
            start: When the first may be due, seconds since the run's start.
        """
        sampler = self.keys.sampler(sequence)
        schedule = Schedule(self._arrivals(sequence, start), sampler, 0.0, self.seed, None)
        return Operations(schedule, ALL)

    def _arrivals(self, sequence: int, start: float) -> Arrivals:
        if self.arrivals == "paced":
            phase = sequence * _GOLDEN_RATIO % 1.0
            return PacedArrivals(self.rate, self.shape, phase, start)
        return PoissonArrivals(self.rate, self.shape, self.seed, sequence, start)
