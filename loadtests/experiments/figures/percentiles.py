"""The latency percentiles of a trial: of all lookups and of each result, on both clocks."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from loadtests.experiments.figures.intervals import quantile
from loadtests.experiments.records.samples_file import Samples
from loadtests.sender.samples import RESULT_INDEX
from loadtests.service_under_test.contract import SERVICE_RESULTS, UNKNOWN_RESULT

ALL = "all"
TIMED = (ALL, *SERVICE_RESULTS, UNKNOWN_RESULT)
"""Whose percentiles are worked out: each result, and all lookups, answered or not."""

CLOCKS = ("response", "service")
QUANTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Quantiles of one result on one clock, in seconds; None if samples are too few.

    Attributes:
        p50: Median.
        p95: 95th percentile.
        p99: 99th percentile.
        samples: Number of samples.
    """

    p50: float | None
    p95: float | None
    p99: float | None
    samples: int


def percentiles_of(samples: Samples) -> Mapping[str, Percentiles]:
    """Return percentiles by "all response", "hit service" and so on."""
    return {
        f"{word} {clock}": _percentiles(samples, word, clock) for word in TIMED for clock in CLOCKS
    }


def _percentiles(samples: Samples, word: str, clock: str) -> Percentiles:
    chosen = samples if word == ALL else samples[samples["result"] == RESULT_INDEX[word]]
    seconds = chosen[clock].astype(np.float64)
    seconds = seconds[~np.isnan(seconds)]  # A lookup that was never sent has no service time.
    p50, p95, p99 = (quantile(seconds, q) for q in QUANTILES.values())
    return Percentiles(p50, p95, p99, len(seconds))
