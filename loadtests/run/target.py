"""What a run is asked to send, and what of that it has sent."""

from typing import Protocol

import numpy as np
from locust.env import Environment

from loadtests.run.load_user import scenarios_of
from loadtests.sender.samples import DROPPED, RESULTS
from loadtests.sender.tallies import Tallies
from loadtests.workload.load_settings import LoadSettings


class TimedRun(Protocol):
    """What the ledger knows of the present or last run; see there."""

    settings: LoadSettings | None
    started_at: float | None

    @property
    def elapsed(self) -> float | None:
        """Seconds since the start of the run; None while there is none."""


class Target:
    """Knows the target rate of a run, and counts the arrivals that it asks for.

    Closed loops and a trace that is replayed at its own times have no target rate.

    Args:
        environment: Knows the users of the run.
        run: Knows the settings and the time.
    """

    def __init__(self, environment: Environment, run: TimedRun) -> None:
        self._environment = environment
        self._run = run
        self._started_at: float | None = None
        self._counted_until = 0.0
        self._arrivals = 0.0

    def rate(self) -> float:
        """Return the target rate of this moment in arrivals a second; 0 without one."""
        settings, elapsed = self._run.settings, self._run.elapsed
        if settings is None or elapsed is None:
            return 0.0
        relative = settings.rate_shape.rate_at(np.array([elapsed]))
        return self._base_rate(settings) * float(relative[0])

    def arrivals(self) -> float:
        """Return the arrivals that the run asked for so far; after its end, until the last call.

        Each call counts those since the call before, because the rate may be changed in between.
        """
        settings, elapsed = self._run.settings, self._run.elapsed
        if settings is None or elapsed is None:
            return self._arrivals
        if self._run.started_at != self._started_at:
            self._started_at = self._run.started_at
            self._counted_until = self._arrivals = 0.0
        before, now = settings.rate_shape.integral_at(np.array([self._counted_until, elapsed]))
        self._arrivals += self._base_rate(settings) * max(0.0, float(now - before))
        self._counted_until = elapsed
        return self._arrivals

    def sent(self, tallies: Tallies) -> int:
        """Return how many requests with a target were sent, writes included."""
        scenarios = scenarios_of(self._environment)
        closed = {name for name, scenario in scenarios.items() if scenario.closed_loop}
        return (
            tallies.writes
            + tallies.failed_writes
            + sum(
                clocks.response.count
                for (scenario, result), clocks in tallies.by_row.items()
                if result != RESULTS[DROPPED] and scenario not in closed
            )
        )

    def _base_rate(self, settings: LoadSettings) -> float:
        if settings.trace and settings.trace_times == "yes":
            return 0.0
        return settings.rate * _open_ratio(self._environment)


def _open_ratio(environment: Environment) -> float:
    """Return the share of users that send without waiting for answers."""
    runner = environment.runner
    if runner is None:
        return 1.0
    scenarios = scenarios_of(environment)
    users = {
        name: count for name, count in runner.target_user_classes_count.items() if name in scenarios
    }
    total = sum(users.values())
    closed = sum(count for name, count in users.items() if scenarios[name].closed_loop)
    return 1.0 - closed / total if total else 1.0
