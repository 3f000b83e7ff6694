"""The order in which a plan's trials are run, and what tells one from another."""

import random
from dataclasses import dataclass

from loadtests.experiments.plan.plan import Plan


@dataclass(frozen=True, slots=True)
class Trial:
    """One TTL measured once."""

    number: int  # from 1, in the order of running
    ttl_seconds: float
    repetition: int  # from 1
    seed: int  # of the load; the same for all TTLs of a repetition


def schedule(plan: Plan) -> list[Trial]:
    """Put every TTL and repetition in an order drawn from the plan's seed.

    A drift of the machine then spreads over all TTLs instead of favouring one.
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
