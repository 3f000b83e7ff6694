"""One run of load in one process: its loops, pool, tallies and record."""

import logging
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import gevent

from loadtests.sender.fruit_client import ANSWER_SECONDS, FruitClient
from loadtests.sender.loop_builder import Loop, LoopParts
from loadtests.sender.oracle import Oracle
from loadtests.sender.performer import Performer, RequestEvent
from loadtests.sender.recording import Recording
from loadtests.sender.slots import InFlight
from loadtests.sender.tallies import Tallies
from loadtests.traffic.popularity import Popularity, Sampler
from loadtests.workload.load_settings import LoadSettings
from loadtests.workload.scenario import Scenario
from loadtests.workload.shares import Share

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.5
_QUANTITY_SPAN = 2_000_000_000


class LoadRun:
    """Does this process's share of a run.

    Args:
        settings: What to do.
        scenarios: By User class name.
        token: Control token for writes; None where none is needed.
        fire: Locust's request event.
        on_exhausted: Called once when every loop has come to its own end and nothing is under
            way any more; not when the run is stopped.
    """

    def __init__(
        self,
        settings: LoadSettings,
        scenarios: Mapping[str, Scenario],
        token: str | None,
        fire: RequestEvent,
        on_exhausted: Callable[[], None],
    ) -> None:
        self.settings = settings
        self.tallies = Tallies()
        self._scenarios = scenarios
        self._names: list[str] = []
        self._token = token
        self._fire = fire
        self._on_exhausted = on_exhausted
        self._trace = settings.read_trace()
        self._recording = Recording(Path(settings.record)) if settings.record else None
        self._loops: list[Loop] = []
        self._greenlets: list[gevent.Greenlet] = []
        self._ticker: gevent.Greenlet | None = None
        self._sent_before = 0
        self._backlog: int | None = None
        self._popularities: dict[str, Popularity] = {}
        self._ordered_samplers: dict[str, Sampler] = {}
        self._oracles: dict[str, tuple[tuple[int, int], Oracle]] = {}

    def begin(self, share: Share) -> None:
        """Start this process's loops, or start them anew with another share.

        Raises:
            FlagError: There are fewer slots than processes.
        """
        ordered = all(self._popularity(name).ordered for name in share.scenarios)
        slots = share.slots(self.settings.max_in_flight, ordered=ordered)
        if self._ticker is None:
            self._open(share, slots)
        self._halt()
        self._forget_keys_of_others(share)
        self._pool.resize(slots)
        self._loops = [loop for name in share.scenarios for loop in self._make(share, name)]
        self._greenlets = [gevent.spawn(loop.run) for loop in self._loops]
        gevent.spawn(self._watch, self._greenlets)

    def stop(self) -> None:
        """End the loops, wait for what is queued or under way, close the record."""
        self._halt()
        if self._ticker is None:
            return
        if self._backlog is None:
            self._backlog = self.tallies.backlog = self._pool.backlog
        self._pool.drain()
        ticker, self._ticker = self._ticker, None
        if ticker is None:  # another stop came while draining
            return
        self._tick()  # at once: whoever else waits for the end reports next
        ticker.kill()
        if self._recording is not None:
            self._recording.close_samples()
        self._pool.close()
        self._client.close()

    def give_up(self) -> None:
        """Cut a `stop` short that is waiting for what is under way."""
        if self._ticker is not None:
            logger.warning("gave up %d requests under way or queued", self._pool.give_up())

    def now(self) -> float:
        """Return seconds since the run's start."""
        return time.perf_counter() - self._zero

    def _open(self, share: Share, slots: int) -> None:
        settings = self.settings
        self._zero = time.perf_counter() + share.started_at - time.time()
        self._started_at = share.started_at
        self._cpu_zero = time.process_time()
        # an edit may give us all slots
        self._client = FruitClient(settings.service_urls, settings.max_in_flight, self._token)
        self._pool = InFlight(slots, settings.max_wait_seconds, self.now)
        self._parts = LoopParts(settings, self._trace, self._pool, self.now)
        if self._recording is not None:
            self._recording.open_samples(own_file=share.processes > 1)
        self._ticker = gevent.spawn(self._tick_forever)

    def _make(self, share: Share, name: str) -> list[Loop]:
        scenario = self._scenarios[name]
        if name not in self._names:
            self._names.append(name)
        sampler_of, ordered = self._samplers(share, name), self._popularity(name).ordered
        performer = self._performer(share, name, scenario)
        if scenario.closed_loop:
            return self._parts.closed_loops(share, name, sampler_of, performer, ordered=ordered)
        sampler = sampler_of(share.stream(name))
        return self._parts.open_loop(share, name, scenario, sampler, performer, ordered=ordered)

    def _popularity(self, name: str) -> Popularity:
        if name not in self._popularities:
            scenario = self._scenarios[name]
            self._popularities[name] = scenario.popularity(self.settings, self._trace)
        return self._popularities[name]

    def _samplers(self, share: Share, name: str) -> Callable[[int], Sampler]:
        """Return what draws a stream's ids: one for all where they have an order to keep."""
        popularity = self._popularity(name)
        if not popularity.ordered:
            return popularity.sampler
        new = popularity.sampler(share.stream(name))
        known = self._ordered_samplers.setdefault(name, new)  # goes on where it was
        return lambda _stream: known

    def _performer(self, share: Share, name: str, scenario: Scenario) -> Performer:
        oracle = self._oracle(share, name) if scenario.writes else None
        number = self._names.index(name)
        return Performer(self._client, self.now, self.tallies, self._fire, number, oracle)

    def _oracle(self, share: Share, name: str) -> Oracle:
        """Return who knows what was written to our keys: anew where others come to be ours."""
        part = share.scenarios[name]
        keys_of = (part.nth, part.processes)
        known = self._oracles.get(name)
        if known is None or known[0] != keys_of:
            moment = int((share.started_at + share.begins) * 1000)
            known = (keys_of, Oracle(moment % _QUANTITY_SPAN, self._settled_at(share)))
            self._oracles[name] = known
        return known[1]

    def _forget_keys_of_others(self, share: Share) -> None:
        """Drop the oracles of keys that are not ours now: should they come back, others wrote."""
        self._oracles = {
            name: known for name, known in self._oracles.items() if name in share.scenarios
        }

    def _settled_at(self, share: Share) -> float:
        """Return when the last write of whoever had our keys before will have been answered."""
        if not share.epoch:
            return -math.inf
        return share.begins + self.settings.max_wait_seconds + ANSWER_SECONDS

    def _halt(self) -> None:
        gevent.killall(self._greenlets)
        self._greenlets = []
        self._sent_before += sum(loop.sent for loop in self._loops)
        self.tallies.overdue += sum(loop.overdue() for loop in self._loops)
        self._loops = []

    def _watch(self, greenlets: list[gevent.Greenlet]) -> None:
        gevent.joinall(greenlets)
        if self._is_at_end(greenlets):
            self._pool.drain()  # an end of its own: no backlog, what is done after it counts
        if self._is_at_end(greenlets):  # users may have come while it drained
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
