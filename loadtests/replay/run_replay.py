"""Replays a run: its very arrivals through a model of the cache, from seed, knobs and fill time."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from loadtests.replay.arrival_sequence import ArrivalSequence, Requests
from loadtests.replay.cache_model import CacheModel
from loadtests.replay.cache_rules import CacheRules, Work, seeded_work
from loadtests.replay.replayed_run import SAME_RATIO, ReplayedRun
from loadtests.service_under_test.contract import HIT_RESULTS, SERVICE_RESULTS, Knob
from loadtests.workload.assignments import Epoch
from loadtests.workload.scenario import Scenario, Workload

Start = Literal["cold", "unknown"]
"""The cache before a run: "cold" is empty; of "unknown", any entry may be there."""

CLOSED_LOOP = "a closed loop sends when it was answered, so its arrivals are not known beforehand"

_Suffixes = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class InForce:
    """What decides how lookups end, besides the arrivals.

    Attributes:
        knobs: The knobs in force.
        fill_seconds: D, from the read that misses to the entry being visible.
        draws: Seed of what the service draws by itself: TTL jitter and early recompute.
    """

    knobs: Mapping[str, Knob]
    fill_seconds: float
    draws: int = 0


def why_not_replayed(scenarios: Mapping[str, Scenario]) -> str | None:
    """Return why a run of these scenarios cannot be replayed; None if it can."""
    closed = any(scenario.closed_loop for scenario in scenarios.values())
    return CLOSED_LOOP if closed else None


class RunReplay:
    """Replays a run as far as it has come.

    Args:
        arrivals: The arrivals of the run.
        in_force: In force at the start.
        start: The cache before the run.
    """

    def __init__(self, arrivals: ArrivalSequence, in_force: InForce, start: Start = "cold") -> None:
        self._arrivals = arrivals
        self._life = CacheRules.of(in_force.knobs).longest_life
        warm = [self._life] if start == "unknown" else []
        self._models = [model_of(in_force, warm_until=ends) for ends in (None, *warm)]
        self._until = 0.0

    def advance(self, until: float) -> None:
        """Replay what is due up to a time, in seconds since the run's start."""
        taken = self._arrivals.take(until)
        for model in self._models:
            model.take(taken)
        last = float(taken.times[-1]) if taken.times.size else 0.0
        self._until = max(self._until, until if math.isfinite(until) else last)

    def begin(self, epoch: Epoch) -> None:
        """Let other users send from the epoch on."""
        self.advance(epoch.begins)
        self._arrivals.begin(epoch)

    def change(self, at: float, in_force: InForce) -> None:
        """Let other knobs be in force from a time on."""
        self.advance(at)
        for model in self._models:
            model.change(at, CacheRules.of(in_force.knobs), _work(in_force))
        self._life = max(self._life, at + CacheRules.of(in_force.knobs).longest_life)

    def result(self) -> ReplayedRun:
        """Return what has been replayed so far."""
        cold, *warm = (replayed(model, self._until) for model in self._models)
        if not warm:
            return cold
        return replace(cold, known_from=self._forgotten_at(cold, warm[0]), from_full=warm[0])

    def _forgotten_at(self, cold: ReplayedRun, warm: ReplayedRun) -> float | None:
        """Return the first second from which on both starts give the same hit ratio to the end."""
        whole = int(self._until)
        (lookups, cold_hits), (_, warm_hits) = (
            _from_each_second(run, whole) for run in (cold, warm)
        )
        alike = np.abs(cold_hits - warm_hits) <= SAME_RATIO * lookups
        alike &= (lookups > 0) & (np.arange(whole) >= self._life)
        return float(np.argmax(alike)) if alike.any() else None


def replay_run(  # noqa: PLR0913 - what a run consists of
    workload: Workload,
    scenarios: Mapping[str, Scenario],
    users: Mapping[str, int],
    in_force: InForce,
    seconds: float,
    *,
    start: Start = "cold",
) -> ReplayedRun:
    """Replay a whole run whose users stay the same and are in one process.

    Args:
        workload: What is sent.
        scenarios: By name; see `why_not_replayed`.
        users: How many users each scenario has.
        in_force: In force throughout.
        seconds: Length of the run; infinite for one that ends by itself.
        start: The cache before the run.
    """
    sequence = ArrivalSequence(workload, scenarios, Epoch(0.0, 0.0, 0, {"process": users}))
    replay = RunReplay(sequence, in_force, start)
    replay.advance(seconds)
    return replay.result()


def replay_requests(
    requests: Requests, in_force: InForce, fill: Callable[[], float] | None = None
) -> ReplayedRun:
    """Replay requests from an empty cache on, to the last of them; see `model_of`."""
    model = model_of(in_force, fill=fill)
    model.take(requests)
    return replayed(model, float(requests.times[-1]) if requests.times.size else 0.0)


def model_of(
    in_force: InForce,
    *,
    warm_until: float | None = None,
    fill: Callable[[], float] | None = None,
) -> CacheModel:
    """Return a cache that works as is in force.

    Args:
        in_force: Its knobs, and the fill time of all loads.
        warm_until: See `CacheModel`.
        fill: Returns the fill time of the next load instead.
    """
    return CacheModel(CacheRules.of(in_force.knobs), _work(in_force, fill), warm_until)


def _work(in_force: InForce, fill: Callable[[], float] | None = None) -> Work:
    # The service delays loads alone, so a write takes about what a load takes without the delay.
    delay = float(in_force.knobs.get("store_delay_seconds", 0.0))
    writing = max(0.0, in_force.fill_seconds - delay)
    return seeded_work(fill or in_force.fill_seconds, writing, draws=in_force.draws)


def replayed(model: CacheModel, seconds: float) -> ReplayedRun:
    """Return what a model answered in the first seconds of a run."""
    answers, results, loads = map(np.array, (model.answers, model.results, model.loads))
    return ReplayedRun(seconds, answers, results, loads)


def _from_each_second(run: ReplayedRun, whole: int) -> _Suffixes:
    """Return how many lookups, and hits among them, were answered from each second to the end."""
    second = run.answers.astype(np.int64)
    hits = np.isin(run.results, [SERVICE_RESULTS.index(word) for word in HIT_RESULTS])
    return _suffix_sums(second, whole), _suffix_sums(second[hits], whole)


def _suffix_sums(seconds: NDArray[np.int64], whole: int) -> NDArray[np.int64]:
    each = np.bincount(seconds[seconds < whole], minlength=whole)
    return np.asarray(np.cumsum(each[::-1])[::-1])
