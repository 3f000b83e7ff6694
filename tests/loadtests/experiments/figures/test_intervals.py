"""Confidence intervals, held against simulated trials whose true hit ratio is known."""

import itertools
import math
from dataclasses import dataclass, field

import numpy as np
import pytest
from scipy.special import stdtrit

from loadtests.experiments.figures.intervals import batch_interval
from loadtests.prediction.key_rates import Reads
from loadtests.prediction.measuring_window import cold_window
from tests.loadtests.theory import simulation

BATCHES = 10
TRIALS = 25
T_QUANTILE = float(stdtrit(BATCHES - 1, 0.975))


def zipf(items, skew):
    weights = np.arange(1, items + 1, dtype=np.float64) ** -skew
    return weights / weights.sum()


@dataclass
class Workload:
    rates: np.ndarray
    ttl: float
    fill: float
    truth: float  # The mean hit ratio of a thousand simulated trials.
    spread: float  # Their standard deviation.
    jitter: float = 0.0
    grace: float = 0.0
    missing: int = 0
    negative_ttl: float = 0.0
    knobs: dict = field(init=False)

    def __post_init__(self):
        self.knobs = {
            "ttl_seconds": self.ttl,
            "ttl_jitter_ratio": self.jitter,
            "protection": "stale" if self.grace else "single-flight",
            "stale_seconds": self.grace,
            "negative_ttl_seconds": self.negative_ttl,
        }

    @property
    def reads(self):
        return Reads(self.rates, self.missing, 0.0)

    @property
    def window(self):
        rate = float(self.rates.sum())
        return cold_window(self.reads, rate, self.knobs, BATCHES).with_fills(self.fill)

    def measure(self, draw):
        """Return hits and lookups of each batch of one trial."""
        window = self.window
        each = [self._item(draw, number, window.closes) for number in range(len(self.rates))]
        return simulation.in_batches(itertools.chain(*each), window)

    def _item(self, draw, number, until):
        rate = self.rates[number]
        if self.grace:
            return simulation.stale_serving(draw, rate, self.ttl, self.grace, self.fill, until)
        missing = number >= len(self.rates) - self.missing
        ttl = self.negative_ttl if missing else self.ttl
        return simulation.single_flight(draw, rate, ttl, self.fill, until, self.jitter)


WORKLOADS = {
    "zipf": Workload(100 * zipf(100, 0.99), 1.0, 0.0, 0.6499, 0.0109),
    "uniform": Workload(60 * zipf(40, 0), 0.5, 0.01, 0.4237, 0.0227),
    "rarely read": Workload(100 * zipf(1000, 0), 1.0, 0.01, 0.0905, 0.0088),
    "hot set": Workload(np.append(np.full(4, 20.0), np.full(100, 0.2)), 1.0, 0.01, 0.7887, 0.0101),
    "jitter": Workload(100 * zipf(100, 0.99), 1.0, 0.0, 0.6497, 0.0115, jitter=0.5),
    "slow fills": Workload(100 * zipf(100, 0.99), 1.0, 0.9, 0.3968, 0.0102),
    "stale": Workload(100 * zipf(200, 0.99), 1.0, 0.01, 0.8553, 0.0087, grace=3.0),
    "missing": Workload(
        np.append(50 * zipf(100, 0.99), np.full(50, 1.0)),
        1.0,
        0.01,
        0.6833,
        0.0045,
        missing=50,
        negative_ttl=5.0,
    ),
}


@pytest.fixture(scope="module")
def measured():
    """Return the intervals of simulated trials by workload."""
    draw = np.random.default_rng(8)
    intervals = {}
    for name, workload in WORKLOADS.items():
        trials = [workload.measure(draw) for _ in range(TRIALS)]
        intervals[name] = [
            batch_interval(float(hits.sum() / lookups.sum()), hits, lookups)
            for hits, lookups in trials
        ]
    return intervals


def test_nineteen_of_twenty_intervals_cover_the_true_hit_ratio(measured):
    covered = [
        interval.low <= WORKLOADS[name].truth <= interval.high
        for name, intervals in measured.items()
        for interval in intervals
    ]

    assert len(covered) >= 40
    assert 0.90 <= np.mean(covered) <= 0.99


@pytest.mark.parametrize("name", WORKLOADS)
def test_interval_is_about_as_wide_as_trials_differ(measured, name):
    halves = [(interval.high - interval.low) / 2 for interval in measured[name]]

    assert np.mean(halves) <= 1.3 * T_QUANTILE * WORKLOADS[name].spread


@pytest.mark.parametrize("name", ["zipf", "uniform", "rarely read", "hot set", "jitter"])
def test_interval_is_about_as_wide_as_theory_says(measured, name):
    workload = WORKLOADS[name]
    lookups = workload.rates.sum() * BATCHES * workload.window.batch_seconds
    error = math.sqrt(workload.reads.sampling_variance(workload.ttl) / lookups)
    halves = [(interval.high - interval.low) / 2 for interval in measured[name]]

    assert np.mean(halves) <= 1.3 * T_QUANTILE * error


def test_batches_without_the_fill_time_would_be_half_again_as_wide(measured):
    workload = WORKLOADS["slow fills"]
    instant = cold_window(workload.reads, 100.0, workload.knobs, BATCHES)
    draw = np.random.default_rng(9)

    def half():
        reads = [
            simulation.single_flight(draw, rate, workload.ttl, workload.fill, instant.closes)
            for rate in workload.rates
        ]
        hits, lookups = simulation.in_batches(itertools.chain(*reads), instant)
        interval = batch_interval(float(hits.sum() / lookups.sum()), hits, lookups)
        return (interval.high - interval.low) / 2

    whole = np.mean([(each.high - each.low) / 2 for each in measured["slow fills"]])
    assert np.mean([half() for _ in range(TRIALS)]) > 1.5 * whole
