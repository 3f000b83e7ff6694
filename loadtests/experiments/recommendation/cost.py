"""What a TTL costs: memory for its entries, and reads of the store for its misses.

The break-even reuse interval is Gray and Putzolu's five-minute rule (SIGMOD 1987): an entry is
worth its memory as long as it is asked for again within that time.
"""

from dataclasses import dataclass

from loadtests.experiments.recommendation.candidate import Candidate

_SECONDS_AN_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Prices:
    """What memory and reads cost, in any one currency.

    Attributes:
        memory: Of 10⁹ bytes for an hour.
        store_reads: Of a million reads of the store.
    """

    memory: float
    store_reads: float

    def per_hour(self, candidate: Candidate) -> float | None:
        """Return the cost of an hour; None where memory or reads are unknown."""
        if candidate.memory_bytes is None or candidate.store_reads_per_second is None:
            return None
        reads = candidate.store_reads_per_second * _SECONDS_AN_HOUR
        return candidate.memory_bytes / 1e9 * self.memory + reads / 1e6 * self.store_reads

    def break_even_seconds(self, entry_bytes: float) -> float | None:
        """Return how soon an entry must be asked for again to be worth its memory.

        None if memory costs nothing: then it always is.
        """
        held = entry_bytes / 1e9 * self.memory / _SECONDS_AN_HOUR
        return self.store_reads / 1e6 / held if held else None
