"""The replay that a trial is judged by: made before its traffic, counted at its own edges."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from loadtests.replay.arrival_sequence import ArrivalSequence, Requests
from loadtests.replay.cache_rules import CacheRules
from loadtests.replay.replayed_run import ReplayedRun
from loadtests.replay.run_replay import InForce, replay_requests
from loadtests.service_under_test.contract import (
    CACHE_RESULTS,
    HIT_RESULTS,
    RECORDED_RESULTS,
    SERVICE_RESULTS,
    near_ratio,
)
from loadtests.workload.assignments import Epoch
from loadtests.workload.scenario import Scenario, Workload

REPLAYS = 8
"""Replays of one trial with other draws, where the service or the machine's lateness is random."""

MOST_ARRIVALS = 1_600_000
"""Of all these replays together, for some seconds of work; each trial has at least one of them."""

_ALONE = "trial"
_READS = Scenario()
_DRAWN = 4096


@dataclass(frozen=True, slots=True)
class ReplayRecord:
    """What the replay of a trial gave, as it stands in the trial's record.

    Attributes:
        batches: Lookups by result between one reading of the counters and the next; the mean of
            several replays where the service draws numbers of its own.
        loads: Reads of the store between the first reading and the last, likewise.
        per_second: Lookups by result in each second after the first arrival, of one replay.
        lateness: How far the hit ratio moves when lookups and loads come as late as they were
            measured; None if nothing was measured.
    """

    batches: Sequence[Mapping[str, float]]
    loads: float
    per_second: Sequence[Mapping[str, int]]
    lateness: float | None

    @property
    def counts(self) -> dict[str, float]:
        """Lookups by result between the first reading and the last."""
        return {
            word: sum(batch.get(word, 0.0) for batch in self.batches) for word in SERVICE_RESULTS
        }

    @property
    def near_ratio(self) -> float | None:
        """The share of lookups that are near; None without a lookup of the cache."""
        return near_ratio(self.counts)

    @property
    def hit_ratio(self) -> float | None:
        """None without a lookup of the cache."""
        counts = self.counts
        lookups = sum(counts[word] for word in CACHE_RESULTS)
        return sum(counts[word] for word in HIT_RESULTS) / lookups if lookups else None


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late the lookups of a trial were, in seconds.

    Attributes:
        answers: From intended start to answer, of lookups that the cache answered.
        loads: How long each lookup that loaded took beyond the median of those.
    """

    answers: NDArray[np.float64]
    loads: NDArray[np.float64]


class TrialReplay:
    """Replays a trial whose cache is empty at first.

    Args:
        requests: All its arrivals.
        in_force: Its knobs and fill time.
    """

    def __init__(self, requests: Requests, in_force: InForce) -> None:
        self._requests = requests
        self._in_force = in_force
        self._several = max(1, min(REPLAYS, MOST_ARRIVALS // max(1, requests.times.size)))
        count = self._several if CacheRules.of(in_force.knobs).is_random else 1
        self._runs = [replay_requests(requests, self._drawing(number)) for number in range(count)]

    def record(self, edges: Sequence[float], late: Lateness | None) -> ReplayRecord:
        """Count the replay between the edges at which the trial was read.

        Args:
            edges: Seconds after the first arrival, in order.
            late: How late the trial's lookups were; None if unknown.
        """
        batches = [self._mean_counts(*span) for span in itertools.pairwise(edges)]
        loads = [run.count_loads(edges[0], edges[-1]) for run in self._runs]
        found = ReplayRecord(batches, float(np.mean(loads)), self._runs[0].per_second(), None)
        expected = found.hit_ratio
        if late is None or not late.answers.size or expected is None:
            return found
        ratios = [run.hit_ratio(edges[0], edges[-1]) for run in self._late_runs(late)]
        moved = [ratio - expected for ratio in ratios if ratio is not None]
        return replace(found, lateness=float(np.sqrt(np.mean(np.square(moved)))))

    def _mean_counts(self, opens: float, closes: float) -> dict[str, float]:
        counts = [run.counts(opens, closes) for run in self._runs]
        return {word: float(np.mean([each[word] for each in counts])) for word in SERVICE_RESULTS}

    def _late_runs(self, late: Lateness) -> Iterator[ReplayedRun]:
        """Yield replays in which every lookup and every load is as late as some measured one.

        A lookup asks the cache somewhere between its intended start and its answer.
        """
        for number in range(self._several):
            draw = np.random.default_rng(number)
            size = self._requests.times.size
            times = self._requests.times + draw.choice(late.answers, size) * draw.random(size)
            requests = self._requests._replace(times=times).order(np.argsort(times))
            fills = late.loads if late.loads.size else [self._in_force.fill_seconds]
            drawn = itertools.cycle(draw.choice(fills, _DRAWN).tolist())
            yield replay_requests(requests, self._drawing(number), drawn.__next__)

    def _drawing(self, number: int) -> InForce:
        return replace(self._in_force, draws=number)


def arrivals_of_trial(
    workload: Workload, seconds: float, processes: int, scenario: Scenario = _READS
) -> Requests:
    """Return what one user sends.

    Args:
        workload: What is sent.
        seconds: How long; infinite for a trace, which ends by itself.
        processes: How many processes of the service are asked in turn.
        scenario: What the user does; by default it looks up fruit alone.
    """
    epoch = Epoch(0.0, 0.0, 0, {_ALONE: {_ALONE: 1}})
    return ArrivalSequence(workload, {_ALONE: scenario}, epoch, processes).take(seconds)


def lateness_of(samples: NDArray[np.void]) -> Lateness:
    """Return how late the lookups of some samples (`sender.samples.SAMPLE_DTYPE`) were."""
    found = np.isin(samples["result"], [RECORDED_RESULTS.index(word) for word in HIT_RESULTS])
    loaded = samples["result"] == RECORDED_RESULTS.index("miss")
    service = samples["service"].astype(np.float64)
    usual = float(np.median(service[found])) if found.any() else 0.0
    return Lateness(
        samples["response"][found].astype(np.float64), np.maximum(service[loaded] - usual, 0.0)
    )
