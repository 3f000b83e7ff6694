"""Replays a run: its very arrivals through a model of the cache, from seed, knobs and fill time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from loadtests.replay.answer_counts import AnswerCounts
from loadtests.replay.arrival_sequence import ArrivalSequence, Requests
from loadtests.replay.cache_model import CacheModel
from loadtests.replay.cache_rules import CacheRules, Work, seeded_work
from loadtests.replay.replay_so_far import ReplaySoFar
from loadtests.replay.replayed_run import ReplayedRun
from loadtests.service_under_test.contract import Knob
from loadtests.workload.assignments import Epoch
from loadtests.workload.scenario import Scenario, Workload

Start = Literal["cold", "unknown"]
"""The cache before a run: "cold" is empty; of "unknown", any entry may be there."""

CLOSED_LOOP = "a closed loop sends when it was answered, so its arrivals are not known beforehand"

PIECE_SECONDS = 10.0
"""A run is replayed in pieces of at most this length: its arrivals need much room."""


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
    """Replays a run as far as it has come, in room that does not grow with it.

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
        self._counts = [AnswerCounts() for _ in self._models]
        self._until = 0.0

    def mark(self, *times: float) -> None:
        """Let the counts be divided at times that were not replayed yet, besides whole seconds."""
        for counts in self._counts:
            for at in times:
                counts.mark(at)

    def advance(self, until: float) -> None:
        """Replay what is due up to a time, in seconds since the run's start."""
        until = max(self._until, until)
        while self._until + PIECE_SECONDS < until:
            self._advance_a_piece(self._until + PIECE_SECONDS)
        self._advance_a_piece(until)

    def _advance_a_piece(self, until: float) -> None:
        taken = self._arrivals.take(until)
        for model, counts in zip(self._models, self._counts, strict=True):
            model.take(taken)
            counts.add(*model.give_away(), until)
            model.forget(until)
        self._until = until

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

    def result(self) -> ReplaySoFar:
        """Return what has been replayed so far."""
        from_empty, *from_full = (counts.counted() for counts in self._counts)
        return ReplaySoFar(from_empty, from_full[0] if from_full else None, self._life)


def replay_run(  # noqa: PLR0913 - what a run consists of
    workload: Workload,
    scenarios: Mapping[str, Scenario],
    users: Mapping[str, int],
    in_force: InForce,
    seconds: float,
    *,
    start: Start = "cold",
) -> ReplaySoFar:
    """Replay a whole run whose users stay the same and are in one process.

    Args:
        workload: What is sent.
        scenarios: By name; see `why_not_replayed`.
        users: How many users each scenario has.
        in_force: In force throughout.
        seconds: Length of the run.
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
