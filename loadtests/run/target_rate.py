"""The target rate of a run at a moment."""

import numpy as np
from locust.env import Environment

from loadtests.run.load_user import scenarios_of
from loadtests.workload.load_settings import LoadSettings


def target_rate(environment: Environment, settings: LoadSettings, elapsed: float) -> float:
    """Return the target rate in arrivals a second.

    0 where there is no target rate: for closed loops, for a trace replayed at its own times.

    Args:
        environment: Knows the users of the run.
        settings: Of the run.
        elapsed: Seconds since its start.
    """
    if settings.trace and settings.trace_times == "yes":
        return 0.0
    relative = settings.rate_shape.rate_at(np.array([elapsed]))
    return settings.rate * float(relative[0]) * _open_ratio(environment)


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
