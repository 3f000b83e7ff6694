"""The plan of the stampede bench: protections to measure, and the traffic to one hot key."""

from collections.abc import Mapping
from dataclasses import dataclass

from loadtests.experiments.plan.fields import Given, PlanError, flag_field, read_value
from loadtests.workload.flags import Flag
from loadtests.workload.knob_flags import KNOB_FLAGS

MODES = next(flag.words for flag in KNOB_FLAGS if flag.key == "protection")


@dataclass(frozen=True, slots=True)
class StampedePlan:
    """What the stampede bench measures.

    Attributes:
        modes: Protections, in the order of measuring.
        rate: Lookups of the hot key per second.
        ttl_seconds: TTL of the hot key.
        store_delay_seconds: Duration of a load.
        refreshes: Refreshes to measure of each protection but early.
        early_refreshes: Refreshes to measure of early, whose number of loads varies more.
        processes: Service processes.
    """

    modes: tuple[str, ...] = MODES
    rate: float = 500.0
    ttl_seconds: float = 3.0
    store_delay_seconds: float = 0.1
    refreshes: int = 20
    early_refreshes: int = 60
    processes: int = 2

    @property
    def quiet_seconds(self) -> float:
        """The pause between two loads that separates two refreshes: half a TTL."""
        return 0.5 * self.ttl_seconds

    def wanted(self, mode: str) -> int:
        """Return how many refreshes of a mode are measured."""
        return self.early_refreshes if mode == "early" else self.refreshes


_USUAL = StampedePlan()

_FLAGS = (
    Flag("rate", _USUAL.rate, "Lookups of the hot key.", 1, 100_000, "per second"),
    Flag("ttl", _USUAL.ttl_seconds, "TTL of the hot key.", 0.2, 3600, "seconds"),
    Flag(
        "store-delay-seconds",
        _USUAL.store_delay_seconds,
        "Duration of a load.",
        0.001,
        10,
        "seconds",
    ),
    Flag("refreshes", _USUAL.refreshes, "Refreshes to measure of each protection.", 2, 10_000),
    Flag(
        "early-refreshes",
        _USUAL.early_refreshes,
        "Refreshes to measure of early, whose number of loads varies more.",
        2,
        10_000,
    ),
)
STAMPEDE_FIELDS = {
    "ttl_seconds" if flag.key == "ttl" else flag.key: flag_field(flag) for flag in _FLAGS
}


def make_stampede_plan(modes: str, given: Mapping[str, Given]) -> StampedePlan:
    """Check values and join them with the defaults.

    Args:
        modes: Protections, separated by commas.
        given: Values of `STAMPEDE_FIELDS`; an absent one takes its default.

    Raises:
        PlanError: A value is wrong; one line that names value, place and remedy.
    """
    words = tuple(modes.split(","))
    if not set(words) <= set(MODES) or len(set(words)) != len(words):
        raise PlanError(
            f"--modes must be some of {', '.join(MODES)}, each once, got {modes!r}; "
            f"such as {MODES[0]},{MODES[-1]}"
        )
    values = {name: read_value(name, STAMPEDE_FIELDS[name], value) for name, value in given.items()}
    return StampedePlan(modes=words, **values)
