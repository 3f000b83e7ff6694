"""Builds the loops of one scenario in one process from the settings and the share."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from loadtests.sender.loops import ClosedLoop, OpenLoop
from loadtests.sender.slots import InFlight, Performs
from loadtests.traffic.arrivals import Immediately
from loadtests.traffic.popularity import Sampler
from loadtests.traffic.trace import Trace
from loadtests.workload.load_settings import LoadSettings
from loadtests.workload.operations import Operations, Sequence, Turns
from loadtests.workload.scenario import Scenario
from loadtests.workload.schedule import arrivals_for, part_for, quota_for
from loadtests.workload.shares import Share

_THINKING = 7

Loop = OpenLoop | ClosedLoop


@dataclass(frozen=True)
class LoopParts:
    """What every loop of a run is made of.

    Attributes:
        settings: What the run is asked to do.
        trace: What it replays, None without.
        pool: Where requests go.
        now: Seconds since the run's start.
    """

    settings: LoadSettings
    trace: Trace | None
    pool: InFlight
    now: Callable[[], float]

    def open_loop(  # noqa: PLR0913 - what a loop is made of
        self,
        share: Share,
        name: str,
        scenario: Scenario,
        sampler: Sampler,
        performer: Performs,
        *,
        ordered: bool,
    ) -> list[Loop]:
        """Return the one open loop of scenario *name* here, or none."""
        settings = self.settings
        part = part_for(share.scenarios[name], ordered=ordered, by_key=scenario.writes)
        if part is None:
            return []
        arrivals = arrivals_for(settings, self.trace, share, name)
        write_ratio = settings.write_ratio if scenario.writes else 0.0
        quota = quota_for(settings, share, name)
        seed = settings.seed + share.epoch
        sequence = Sequence(arrivals, sampler, write_ratio, seed, quota)
        return [OpenLoop(Operations(sequence, part), self.pool, performer, self.now)]

    def closed_loops(
        self,
        share: Share,
        name: str,
        sampler_of: Callable[[int], Sampler],
        performer: Performs,
        *,
        ordered: bool,
    ) -> list[Loop]:
        """Return one closed loop for each user of scenario *name* here.

        Where the ids are *ordered* its first process has all of them.
        """
        part = share.scenarios[name]
        here = part.here
        if ordered:
            here = part.users if part.nth == 0 else 0
        quota = quota_for(self.settings, share, name)
        loops: list[Loop] = []
        for user in range(part.first, part.first + here):
            own = None if quota is None else (user + 1) * quota // part.users
            if own is not None and quota is not None:
                own -= user * quota // part.users
            stream = share.stream(name, user)
            sampler = sampler_of(stream)
            sequence = Sequence(Immediately(self.now), sampler, 0.0, self.settings.seed, own)
            generator = np.random.default_rng([self.settings.seed, _THINKING, stream])
            operations = Operations(sequence, Turns(0, 1, 1))
            think = self.settings.think_seconds
            loops.append(ClosedLoop(operations, think, generator, self.pool, performer, self.now))
        return loops
