"""One run of load in one process: its loops, pool, tallies and record."""

import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import gevent
import numpy as np

from loadtests.sender.fruit_client import ANSWER_SECONDS, FruitClient
from loadtests.sender.loops import ClosedLoop, OpenLoop
from loadtests.sender.oracle import Oracle
from loadtests.sender.performer import Client, Performer, RequestEvent
from loadtests.sender.recording import Recording
from loadtests.sender.slots import InFlight
from loadtests.sender.tallies import Tallies
from loadtests.sender.target_client import TargetClient
from loadtests.workload.assignments import Assignment, Epoch, divide
from loadtests.workload.load_settings import LoadSettings
from loadtests.workload.scenario import Scenario, Workload
from loadtests.workload.schedules import Schedules

if TYPE_CHECKING:
    from loadtests.workload.operations import Part

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.5
_QUANTITY_SPAN = 2_000_000_000
_THINKING = 7

Loop = OpenLoop | ClosedLoop


class LoadRun:
    """Sends what one process has to send of a run.

    Args:
        workload: What the run is asked to send.
        scenarios: By User class name.
        token: Control token for writes; None if none is needed.
        fire: Locust's request event.
        on_exhausted: Called once when every loop has reached its own end and no request is under
            way any more; not when the run is stopped.
    """

    def __init__(
        self,
        workload: Workload,
        scenarios: Mapping[str, Scenario],
        token: str | None,
        fire: RequestEvent,
        on_exhausted: Callable[[], None],
    ) -> None:
        self.tallies = Tallies()
        self._workload = workload
        self._settings = workload.settings
        self._scenarios = scenarios
        self._names: list[str] = []
        self._token = token
        self._fire = fire
        self._on_exhausted = on_exhausted
        record = workload.settings.record
        self._recording = Recording(Path(record)) if record else None
        self._loops: list[Loop] = []
        self._greenlets: list[gevent.Greenlet] = []
        self._ticker: gevent.Greenlet | None = None
        self._sent_before = 0
        self._backlog: int | None = None
        self._schedules = Schedules(scenarios)
        self._oracles: dict[str, tuple[Part, Oracle]] = {}

    def begin(self, epoch: Epoch, process: str) -> None:
        """Start this process's loops, or replace them by those of a later epoch.

        Args:
            epoch: Who sends.
            process: Name of this process in it.

        Raises:
            FlagError: There are fewer slots than processes that send.
        """
        if epoch.load:
            self._workload = self._workload.with_load(epoch.load)
        assignments = divide(epoch, self._workload, self._scenarios).get(process, [])
        slots = sum(assignment.slots for assignment in assignments)
        if self._ticker is None:
            self._open(epoch, slots)
        self._halt()
        self._drop_oracles_of_others(assignments)
        self._pool.resize(slots)
        self._loops = [self._loop(epoch, assignment) for assignment in assignments]
        self._greenlets = [gevent.spawn(loop.run) for loop in self._loops]
        gevent.spawn(self._watch, self._greenlets)

    def stop(self) -> None:
        """End the loops, wait until no request is queued or under way, and close the record."""
        self._halt()
        if self._ticker is None:
            return
        if self._backlog is None:
            self._backlog = self.tallies.backlog = self._pool.backlog
        self._pool.drain()
        ticker, self._ticker = self._ticker, None
        if ticker is None:  # Another stop came while this one was draining.
            return
        self._tick()  # At once: another stop that waits for the end reports next.
        ticker.kill()
        if self._recording is not None:
            self._recording.close_samples()
        self._pool.close()
        self._client.close()

    def give_up(self) -> None:
        """End a `stop` that is waiting for requests under way."""
        if self._ticker is not None:
            logger.warning("gave up %d requests under way or queued", self._pool.give_up())

    def record_problem(self) -> str | None:
        """Return why samples are missing from the record; None if none are."""
        return self._recording.problem if self._recording else None

    def now(self) -> float:
        """Return seconds since the run's start."""
        return time.perf_counter() - self._zero

    def _open(self, epoch: Epoch, slots: int) -> None:
        settings = self._settings
        self._zero = time.perf_counter() + epoch.started_at - time.time()
        self._started_at = epoch.started_at
        self._cpu_zero = time.process_time()
        # A later epoch may assign all slots to this process.
        self._client = self._new_client(settings)
        self._pool = InFlight(slots, settings.max_wait_seconds, self.now)
        if self._recording is not None:
            self._recording.open_samples(own_file=len(epoch.processes) > 1)
        self._ticker = gevent.spawn(self._tick_forever)

    def _new_client(self, settings: LoadSettings) -> Client:
        if (target := self._workload.target) is not None:
            return TargetClient(target, settings.max_in_flight, settings.seed)
        return FruitClient(settings.service_urls, settings.max_in_flight, self._token)

    def _loop(self, epoch: Epoch, assignment: Assignment) -> Loop:
        settings, scenario = self._settings, self._scenarios[assignment.scenario]
        performer = self._performer(epoch, assignment, scenario)
        operations = self._schedules.operations(self._workload, epoch, assignment, self.now)
        if assignment.arrivals is not None:
            return OpenLoop(operations, self._pool, performer, self.now)
        generator = np.random.default_rng([settings.seed, _THINKING, assignment.sequence])
        think = settings.think_seconds
        return ClosedLoop(operations, think, generator, self._pool, performer, self.now)

    def _performer(self, epoch: Epoch, assignment: Assignment, scenario: Scenario) -> Performer:
        if assignment.scenario not in self._names:
            self._names.append(assignment.scenario)
        number = self._names.index(assignment.scenario)
        oracle = self._oracle(epoch, assignment) if scenario.writes else None
        return Performer(self._client, self.now, self.tallies, self._fire, number, oracle)

    def _oracle(self, epoch: Epoch, assignment: Assignment) -> Oracle:
        """Return the oracle of our keys; a new one when the set of keys changed."""
        known = self._oracles.get(assignment.scenario)
        if known is None or known[0] != assignment.part:
            moment = int((epoch.started_at + epoch.begins) * 1000)
            oracle = Oracle(moment % _QUANTITY_SPAN, self._settled_at(epoch))
            known = self._oracles[assignment.scenario] = (assignment.part, oracle)
        return known[1]

    def _drop_oracles_of_others(self, assignments: Iterable[Assignment]) -> None:
        """Drop the oracles of keys that are not ours now: others may write them meanwhile."""
        ours = {assignment.scenario for assignment in assignments}
        self._oracles = {name: known for name, known in self._oracles.items() if name in ours}

    def _settled_at(self, epoch: Epoch) -> float:
        """Return when the last write by earlier owners of our keys will have been answered."""
        if not epoch.number:
            return -math.inf
        return epoch.begins + self._settings.max_wait_seconds + ANSWER_SECONDS

    def _halt(self) -> None:
        gevent.killall(self._greenlets)
        self._greenlets = []
        self._sent_before += sum(loop.sent for loop in self._loops)
        self.tallies.overdue += sum(loop.overdue() for loop in self._loops)
        self._loops = []

    def _watch(self, greenlets: list[gevent.Greenlet]) -> None:
        gevent.joinall(greenlets)
        if self._is_at_end(greenlets):
            self._pool.drain()  # At a run's own end all requests count, none is backlog.
        if self._is_at_end(greenlets):  # Users may have been added while it drained.
            self._on_exhausted()

    def _is_at_end(self, greenlets: list[gevent.Greenlet]) -> bool:
        return greenlets is self._greenlets and self._ticker is not None

    def _tick_forever(self) -> None:
        while True:
            gevent.sleep(TICK_SECONDS)
            self._tick()

    def _tick(self) -> None:
        self._pool.sweep()
        samples = self.tallies.fold(self._names, self._started_at)
        if self._recording is not None:
            self._recording.append(samples)
        self.tallies.arrivals = self._sent_before + sum(loop.sent for loop in self._loops)
        self.tallies.queued = self._pool.queued
        self.tallies.max_in_flight_seen = self._pool.max_seen
        self.tallies.in_flight = self._pool.in_flight
        wall = self.now()
        if wall > 0:
            self.tallies.cpu_ratio = (time.process_time() - self._cpu_zero) / wall
