"""The trials of a plan, in the order in which they run."""

import random
from dataclasses import dataclass

from loadtests.experiments.plan.plan import Plan


@dataclass(frozen=True, slots=True)
class Trial:
    """One TTL, measured once.

    Attributes:
        number: From 1, in the order of running.
        ttl_seconds: The TTL.
        repetition: From 1.
        seed: Seed of the traffic, the same for all TTLs of a repetition.
    """

    number: int
    ttl_seconds: float
    repetition: int
    seed: int


def schedule(plan: Plan) -> list[Trial]:
    """Return every TTL and repetition in an order drawn from the plan's seed.

    Random order spreads a drift of the machine over all TTLs instead of favouring one.
    """
    pairs = [
        (ttl, repetition)
        for repetition in range(1, plan.repetitions + 1)
        for ttl in plan.ttl_seconds
    ]
    random.Random(plan.seed).shuffle(pairs)
    return [
        Trial(number, ttl, repetition, plan.seed + repetition - 1)
        for number, (ttl, repetition) in enumerate(pairs, start=1)
    ]
