"""What is known of entries besides the TTL: their size, how old they get, how many live at once."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from loadtests.experiments.figures.results import RunResults
from loadtests.experiments.plan.load import Load
from loadtests.prediction.key_rates import reads_of
from loadtests.prediction.limited_memory import most_live_entries
from loadtests.service_under_test.contract import Knob
from loadtests.workload.load_settings import LoadSettings


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of entries besides the TTL.

    Attributes:
        size_bytes: Of an entry in memory; None takes the sizes of the log, if it has any.
        jitter_ratio: By which a TTL may be longer.
        stale_seconds: For which a stale entry may still be served.
    """

    size_bytes: float | None = None
    jitter_ratio: float = 0.0
    stale_seconds: float = 0.0

    def worst_stale(self, ttl_seconds: float) -> float:
        """Return how old an answer may be in the worst case."""
        return ttl_seconds * (1.0 + self.jitter_ratio) + self.stale_seconds

    def longest_ttl(self, max_stale_seconds: float | None) -> float:
        """Return the longest TTL whose answers are never older than that."""
        if max_stale_seconds is None:
            return math.inf
        return (max_stale_seconds - self.stale_seconds) / (1.0 + self.jitter_ratio)

    def memory(self, entries: float | None, logged_bytes: float | None = None) -> float | None:
        """Return the bytes that a number of entries takes; None if unknown."""
        if self.size_bytes is None or entries is None:
            return logged_bytes
        return entries * self.size_bytes


class LiveEntries:
    """Tells how many entries of a traffic are alive at once, at most.

    Args:
        load: The traffic.
        settings: Its load flags.
    """

    def __init__(self, load: Load, settings: LoadSettings) -> None:
        drawn = load.trace is None and settings.shape == "steady"
        popularity = load.behaviour.popularity(settings, None) if drawn else None
        self._reads = popularity and reads_of(popularity, load.rate, load.arrivals)

    def at(self, knobs: Mapping[str, Knob]) -> float | None:
        """Return their number with these knobs; None for a traffic without a formula."""
        return most_live_entries(self._reads, knobs) if self._reads else None


def knobs_in_force(results: RunResults) -> Mapping[str, Knob]:
    """Return the knobs that a sweep was measured with, the TTL aside."""
    records = [results.records[trial.number] for trial in results.trials]
    return next((record.knobs for record in records if record.knobs), {})
