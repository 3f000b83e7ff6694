"""The trials of a plan, in the order in which they run."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from loadtests.experiments.plan.axes import combinations
from loadtests.experiments.plan.plan import Plan
from loadtests.service_under_test.contract import Knob


@dataclass(frozen=True, slots=True)
class Trial:
    """One TTL with one value of each axis, measured once.

    Attributes:
        number: From 1, in the order of running.
        ttl_seconds: The TTL.
        repetition: From 1.
        seed: Seed of the traffic, the same for all TTLs and combinations of a repetition.
        values: One value of each axis of the plan, by its name.
    """

    number: int
    ttl_seconds: float
    repetition: int
    seed: int
    values: Mapping[str, Knob] = field(default_factory=dict)


def schedule(plan: Plan) -> list[Trial]:
    """Return every TTL, combination and repetition in an order drawn from the plan's seed.

    Random order spreads a drift of the machine over all of them instead of favouring one.
    """
    settings = [
        (ttl, values, repetition)
        for repetition in range(1, plan.repetitions + 1)
        for values in combinations(plan.axes)
        for ttl in plan.ttl_seconds
    ]
    random.Random(plan.seed).shuffle(settings)
    return [
        Trial(number, ttl, repetition, plan.seed + repetition - 1, values)
        for number, (ttl, values, repetition) in enumerate(settings, start=1)
    ]
