"""The p99 of all lookups from the measured times of hits and of misses (docs/theory.md F12)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from loadtests.experiments.figures.intervals import FEWEST_BEYOND
from loadtests.experiments.figures.results import RunResults
from loadtests.experiments.figures.sampled_lookups import ended_in
from loadtests.experiments.figures.trial_figures import in_window
from loadtests.experiments.records.records import load_samples
from loadtests.experiments.records.samples_file import Samples
from loadtests.service_under_test.contract import CACHE_RESULTS, HIT_RESULTS
from loadtests.theory.latency import mixture_quantile

_QUANTILE = 0.99


@dataclass(frozen=True, slots=True)
class MeasuredTimes:
    """Response times in seconds, from the intended start.

    Attributes:
        hits: Of lookups that the cache answered.
        misses: Of those that it could not answer.
    """

    hits: NDArray[np.float64]
    misses: NDArray[np.float64]

    @classmethod
    def of(cls, samples: Samples) -> Self:
        """Return the times of some samples."""
        known = samples[~np.isnan(samples["response"])]
        response, hit = known["response"].astype(np.float64), ended_in(known, HIT_RESULTS)
        return cls(response[hit], response[ended_in(known, CACHE_RESULTS) & ~hit])

    def p99(self, hit_ratio: float | None) -> float | None:
        """Return the p99 of all lookups at a hit ratio; None if too few samples lie beyond it."""
        if hit_ratio is None or not (self.hits.size and self.misses.size):
            return None
        found = mixture_quantile(hit_ratio, self.hits, self.misses, _QUANTILE)
        reaching = int(np.sum(self.hits >= found) + np.sum(self.misses >= found))
        return found if reaching > FEWEST_BEYOND else None


def times_by_ttl(folder: Path, results: RunResults) -> Mapping[float, MeasuredTimes]:
    """Return the times of a sweep by TTL, of trials whose latencies are trusted.

    Raises:
        RecordError: The samples of a trial cannot be read.
    """
    samples: dict[float, list[Samples]] = {}
    for trial in results.trials:
        if trial.times_trusted and trial.ttl_seconds > 0:
            record = results.records[trial.number]
            measured = in_window(record, load_samples(folder, record))
            samples.setdefault(trial.ttl_seconds, []).append(measured)
    return {ttl: MeasuredTimes.of(np.concatenate(each)) for ttl, each in samples.items()}


def pooled_times(folder: Path, results: RunResults) -> MeasuredTimes | None:
    """Return the times of all TTLs of a sweep together; None if none are trusted."""
    found = list(times_by_ttl(folder, results).values())
    if not found:
        return None
    return MeasuredTimes(
        np.concatenate([each.hits for each in found]),
        np.concatenate([each.misses for each in found]),
    )
