"""The plan of a search for capacity: the bound, the hit ratios, the rates and the traffic."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loadtests.experiments.capacity.rate_search import RateRange
from loadtests.experiments.capacity.step_judgement import FEWEST_LOOKUPS
from loadtests.experiments.capacity.ttl_from_theory import ttl_for
from loadtests.experiments.plan import fields
from loadtests.experiments.plan.fields import (
    DRAWN,
    FIELDS,
    Given,
    PlanError,
    flag_field,
    read_value,
)
from loadtests.experiments.plan.load import Load
from loadtests.experiments.plan.plan import make_plan
from loadtests.prediction.measuring_window import DISCARDED_LIVES, Window, longest_life
from loadtests.prediction.steady_state import Traffic
from loadtests.service_under_test.contract import Knob
from loadtests.traffic.popularity import Popularity
from loadtests.workload.flags import Flag
from loadtests.workload.scenario import Scenario

OVERHEAD_SECONDS = 4.0
"""Knobs, a probe of the fill time, start and drain of the load, of each step."""

LONGEST_WAIT_SECONDS = 5.0
"""Lookups that waited so long for a slot are dropped, so that an overload drains soon."""

_FEWEST_WARM_SECONDS = 1.0
_SPARE_LOOKUPS = 1.2  # Of Poisson arrivals, fewer than expected may fall into the window.

_FLAGS = (
    Flag("max-p99-ms", 50.0, "The bound of the p99 of all lookups.", 0.1, 60_000, "ms"),
    Flag("from-rate", 200.0, "The rate of the first step.", 1, 100_000, "per second"),
    Flag("to-rate", 20_000.0, "No step exceeds it.", 1, 100_000, "per second"),
    Flag("step-seconds", 10.0, "Measured time of each step.", 1, 3600, "seconds"),
    Flag(
        "resolution",
        0.1,
        "How near, as a share, the rates below and above the capacity shall come.",
        0.02,
        1,
    ),
)
CAPACITY_FIELDS = {
    **{flag.key: flag_field(flag) for flag in _FLAGS},
    **{name: FIELDS[name] for name in (*DRAWN, "arrivals", "seed", "max_in_flight")},
}


@dataclass(frozen=True, slots=True)
class Goal:
    """For what one capacity is searched.

    Attributes:
        hit_ratio: Reached by the TTL that theory gives for each rate; None with a fixed TTL.
        ttl_seconds: The fixed TTL; None with a hit ratio.
    """

    hit_ratio: float | None
    ttl_seconds: float | None

    @property
    def text(self) -> str:
        """What people call it."""
        if self.hit_ratio is None:
            return f"TTL {self.ttl_seconds:g} s"
        return f"hit ratio {self.hit_ratio:g}"


@dataclass(frozen=True, slots=True)
class CapacityPlan:
    """A search, and the traffic of its steps.

    Attributes:
        goals: One search for each.
        max_p99_seconds: The bound.
        rates: Where and how finely to search.
        step_seconds: Measured time of each step, longer where the rate needs it.
        seed: Of the traffic.
        load_values: The load flags but the rate, by name.
        knobs: Set before each step, in addition to ttl_seconds.
    """

    goals: tuple[Goal, ...]
    max_p99_seconds: float
    rates: RateRange
    step_seconds: float
    seed: int
    load_values: Mapping[str, Any]
    knobs: Mapping[str, Knob]

    def load(self, rate: float) -> Load:
        """Return the traffic at a rate."""
        values = {**self.load_values, "rate": rate, "max_wait_seconds": LONGEST_WAIT_SECONDS}
        return make_plan({name: Given(value, name) for name, value in values.items()}, {}).load

    def popularity(self) -> Popularity:
        """Return which ids are asked for."""
        return Scenario().popularity(self.load(self.rates.first).settings(self.seed), None)

    def ttl(self, goal: Goal, popularity: Popularity, rate: float) -> float:
        """Return the TTL of a step.

        Raises:
            PlanError: Theory has no TTL for the hit ratio.
        """
        if goal.hit_ratio is None:
            return goal.ttl_seconds or 0.0
        step = 1.0 / rate if self.load_values["arrivals"] == "paced" else 0.0
        traffic = Traffic(popularity, rate, step_seconds=step)
        return ttl_for(traffic, self.knobs, goal.hit_ratio)

    def window(self, ttl_seconds: float, rate: float) -> Window:
        """Return the measured time of a step, after the cache has filled."""
        knobs = {**self.knobs, "ttl_seconds": ttl_seconds}
        warm = DISCARDED_LIVES * longest_life(knobs, missing=False)
        measured = max(self.step_seconds, _SPARE_LOOKUPS * FEWEST_LOOKUPS / rate)
        return Window(max(warm, _FEWEST_WARM_SECONDS), measured, 1)

    def most_seconds(self, popularity: Popularity) -> dict[int, float]:
        """Return how long each step may take, by its number, if all of a search are needed."""
        each: list[float] = []
        for goal in self.goals:
            rate = self.rates.first
            for _ in range(self.rates.most_steps):
                closes = self.window(self.ttl(goal, popularity, rate), rate).closes
                each.append(closes + OVERHEAD_SECONDS)
                rate = min(rate * self.rates.growth, self.rates.highest)
        return dict(enumerate(each, start=1))


def make_capacity_plan(
    given: Mapping[str, Given],
    knobs: Mapping[str, Given],
    hit_ratios: str | None,
    ttls: str | None,
) -> CapacityPlan:
    """Check values and join them with the defaults.

    Args:
        given: Values of `CAPACITY_FIELDS`; an absent one takes its default.
        knobs: Knobs of the service to set.
        hit_ratios: Hit ratios, separated by commas; None if none was given.
        ttls: TTLs, likewise; only one of both may be given.

    Raises:
        PlanError: A value is wrong; one line that names value, place and remedy.
    """
    values = fields.with_defaults(CAPACITY_FIELDS, given)
    first, highest = values["from_rate"], values["to_rate"]
    if first > highest:
        raise PlanError(
            f"--to-rate must be at least --from-rate ({first:g}), got {highest:g}; raise it"
        )
    names = (*DRAWN, "arrivals", "seed", "max_in_flight")
    plan = CapacityPlan(
        goals=_goals(hit_ratios, ttls),
        max_p99_seconds=values["max_p99_ms"] / 1000,
        rates=RateRange(first, highest, resolution=values["resolution"]),
        step_seconds=values["step_seconds"],
        seed=values["seed"],
        load_values={name: values[name] for name in names},
        knobs=fields.checked_knobs(knobs),
    )
    plan.most_seconds(plan.popularity())  # Refuse now a hit ratio that has no TTL.
    return plan


def _goals(hit_ratios: str | None, ttls: str | None) -> tuple[Goal, ...]:
    if hit_ratios is not None and ttls is not None:
        raise PlanError("--ttl-seconds: --hit-ratio has a TTL for each rate; leave one of them out")
    if ttls is not None:
        read = FIELDS["ttl_seconds"]
        seconds = read_value("ttl_seconds", read, Given(ttls, "--ttl-seconds"))
        return tuple(Goal(None, ttl) for ttl in seconds)
    words = "0.5,0.9" if hit_ratios is None else hit_ratios
    return tuple(Goal(_ratio(word, words), None) for word in dict.fromkeys(words.split(",")))


def _ratio(word: str, words: str) -> float:
    try:
        ratio = float(word)
    except ValueError:
        ratio = 0.0
    if not 0 < ratio < 1:  # Refuses NaN too.
        raise PlanError(
            f"--hit-ratio must be numbers above 0 and below 1, got {words!r}; such as 0.5,0.9"
        )
    return ratio
