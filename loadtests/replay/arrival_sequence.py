"""The arrivals of a run in order of time: drawn from its seed exactly as the senders draw them."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadtests.workload.assignments import Epoch, divide
from loadtests.workload.operations import BLOCK, Block, Operations
from loadtests.workload.scenario import Scenario, Workload
from loadtests.workload.schedules import Schedules


class Requests(NamedTuple):
    """Requests in order of time.

    Attributes:
        times: Intended starts, seconds since the run's start.
        keys: The ids.
        writes: Which of them are writes.
        replicas: Number of the service's replica that each one is sent to.
    """

    times: NDArray[np.float64]
    keys: NDArray[np.int64]
    writes: NDArray[np.bool_]
    replicas: NDArray[np.int64]

    def order(self, places: NDArray[np.int64]) -> "Requests":
        """Return the requests at *places*."""
        return Requests(
            self.times[places], self.keys[places], self.writes[places], self.replicas[places]
        )

    def first(self, count: int) -> "Requests":
        """Return the first *count* requests."""
        return self.order(np.arange(min(count, self.times.size)))


class ArrivalSequence:
    """Draws the arrivals of a run as far as it is asked to.

    Args:
        workload: What the run is asked to send.
        scenarios: By User class name; none of them a closed loop, whose arrivals depend on answers.
        epoch: Who sends at first.
        replicas: How many replicas of the service each sender asks in turn.
    """

    def __init__(
        self,
        workload: Workload,
        scenarios: Mapping[str, Scenario],
        epoch: Epoch,
        replicas: int = 1,
    ) -> None:
        self._workload = workload
        self._scenarios = scenarios
        self._replicas = replicas
        self._schedules: dict[str, Schedules] = {}
        self._sent: dict[str, int] = {}
        self._streams: dict[str, list[_Stream]] = {}
        self.begin(epoch)

    def begin(self, epoch: Epoch) -> None:
        """Replace the senders by those of a later epoch; take what is due before it first."""
        self._streams = {}
        if epoch.load:
            self._workload = self._workload.with_load(epoch.load)
        for process, assignments in divide(epoch, self._workload, self._scenarios).items():
            schedules = self._schedules.setdefault(process, Schedules(self._scenarios))
            self._streams[process] = [
                _Stream(schedules.operations(self._workload, epoch, assignment, lambda: 0.0))
                for assignment in assignments
            ]

    def take(self, until: float) -> Requests:
        """Return the arrivals that are due up to a time and have not been taken."""
        parts = [self._of_process(process, until) for process in self._streams]
        return _merge(parts)

    def _of_process(self, process: str, until: float) -> Requests:
        """Return one process's arrivals; it sends them to the replicas in turn."""
        merged = _merge([stream.take(until) for stream in self._streams[process]])
        first = self._sent.get(process, 0)
        turns = np.arange(first, first + merged.times.size) % self._replicas
        self._sent[process] = first + merged.times.size
        return merged._replace(replicas=turns)


class _Stream:
    """The requests of one loop.

    Args:
        operations: What it sends.
    """

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._rest: list[Block] = []
        self._drawn_to = -np.inf

    def take(self, until: float) -> Requests:
        """Return the requests due up to a time, and keep the rest."""
        while self._drawn_to <= until:
            block = self._operations.next_block(BLOCK)
            if block is None:
                self._drawn_to = np.inf
                break
            self._rest.append(block)
            self._drawn_to = block.until
        drawn = _merge([_as_requests(block) for block in self._rest])
        due = int(np.searchsorted(drawn.times, until, side="right"))
        left = Block(drawn.times[due:], drawn.keys[due:], drawn.writes[due:], self._drawn_to)
        self._rest = [left] if left.times.size else []
        return drawn.first(due)


def _as_requests(block: Block) -> Requests:
    return Requests(block.times, block.keys, block.writes, np.zeros(block.keys.size, np.int64))


def _merge(parts: list[Requests]) -> Requests:
    if not parts:
        return _NONE
    together = Requests(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    return together.order(np.argsort(together.times, kind="stable"))


_NONE = Requests(np.empty(0), np.empty(0, np.int64), np.empty(0, np.bool_), np.empty(0, np.int64))
