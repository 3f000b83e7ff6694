"""The plan of drills: which faults, for how long, and the steady load meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass

from loadtests.experiments.plan import fields
from loadtests.experiments.plan.fields import FIELDS, Given, flag_field
from loadtests.experiments.plan.load import Load
from loadtests.experiments.plan.plan import make_plan
from loadtests.service_under_test.contract import Knob
from loadtests.workload.flags import Flag

WARM_UP_LIVES = 1.5
_FEW = 3  # Drills whose names fit into a heading.

OVERHEAD_SECONDS = 5.0
"""Knobs, a probe of the fill time, start and end of the load, of each drill."""

DRILL_FIELDS = {
    "seconds": flag_field(
        Flag("seconds", 10.0, "Length of each of the three phases.", 1, 3600, "seconds")
    ),
    "rate": flag_field(Flag("rate", 200.0, "Lookups.", 1, 10_000, "per second")),
    "ttl_seconds": flag_field(Flag("ttl", 5.0, "TTL of entries.", 0.2, 3600, "seconds")),
    **{name: FIELDS[name] for name in ("items", "skew", "seed")},
}
_OF_LOAD = ("rate", "items", "skew", "seed")


@dataclass(frozen=True, slots=True)
class DrillPlan:
    """What is broken, and under which load.

    Attributes:
        drills: Names of the faults, in the order of running.
        seconds: Length of the phase before the fault, of the fault, and of the phase after it.
        ttl_seconds: TTL of entries.
        seed: Of the traffic, the same in every drill.
        items: Ids in the catalogue.
        load: The traffic.
        knobs: Set before each drill, in addition to ttl_seconds.
    """

    drills: tuple[str, ...]
    seconds: float
    ttl_seconds: float
    seed: int
    items: int
    load: Load
    knobs: Mapping[str, Knob]

    @property
    def title(self) -> str:
        """The heading of the report."""
        few = len(self.drills) <= _FEW
        return f"Drill: {', '.join(self.drills)}" if few else f"{len(self.drills)} drills"

    @property
    def warm_up_seconds(self) -> float:
        """How long the cache fills before anything is counted."""
        return WARM_UP_LIVES * self.ttl_seconds

    @property
    def load_seconds(self) -> float:
        """How long the load of one drill lasts."""
        return self.warm_up_seconds + 3 * self.seconds

    @property
    def expected_seconds(self) -> dict[int, float]:
        """The duration of each drill, by its number."""
        each = self.load_seconds + OVERHEAD_SECONDS
        return {number: each for number, _ in enumerate(self.drills, start=1)}


def make_drill_plan(
    drills: tuple[str, ...], given: Mapping[str, Given], knobs: Mapping[str, Given]
) -> DrillPlan:
    """Check values and join them with the defaults.

    Args:
        drills: Names of faults that are known.
        given: Values of `DRILL_FIELDS`; an absent one takes its default.
        knobs: Knobs of the service to set.

    Raises:
        PlanError: A value is wrong; one line that names value, place and remedy.
    """
    values = fields.with_defaults(DRILL_FIELDS, given)
    load = make_plan({name: Given(values[name], name) for name in _OF_LOAD}, {}).load
    return DrillPlan(
        drills=drills,
        seconds=values["seconds"],
        ttl_seconds=values["ttl_seconds"],
        seed=values["seed"],
        items=values["items"],
        load=load,
        knobs=fields.checked_knobs(knobs),
    )
