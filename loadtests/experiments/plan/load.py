"""The traffic of a trial: the load flags, with those that a preset sets."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests.service_under_test.contract import Knob
from loadtests.workload.flags import LOAD_FLAGS, FlagError
from loadtests.workload.load_settings import LoadSettings
from loadtests.workload.presets import PRESETS
from loadtests.workload.scenario import SCENARIOS, Scenario


@dataclass(frozen=True, slots=True)
class Load:
    """The traffic that a trial sends to the service.

    Attributes:
        rate: Requests per second, the target.
        arrivals: "poisson" or "paced".
        trace: File of ids to replay in order; None draws ids instead.
        requests: Arrivals of the trace; 0 replays all of it.
        flags: Every load flag's value but the seed's, by name; None is not passed on.
        scenario: Name of the User class of the locustfile.
    """

    rate: float
    arrivals: str
    trace: Path | None
    requests: int
    flags: Mapping[str, Any]
    scenario: str = "ReadHeavy"

    @property
    def behaviour(self) -> Scenario:
        """What the scenario does."""
        return SCENARIOS[self.scenario]

    @property
    def write_ratio(self) -> float:
        """The share of requests that are writes, of ids that exist."""
        return float(self.flags.get("write_ratio") or 0.0) if self.behaviour.writes else 0.0

    def settings(self, seed: int) -> LoadSettings:
        """Return what the load generator makes of these flags and *seed*."""
        values: dict[str, Any] = {flag.key: flag.default for flag in LOAD_FLAGS}
        values |= {name: value for name, value in self.flags.items() if value is not None}
        return LoadSettings(service_urls=(), knobs={}, **{**values, "seed": seed})

    def with_values(self, values: Mapping[str, Knob]) -> "Load":
        """Return the traffic with other values of load flags or another scenario."""
        changed = {name: value for name, value in values.items() if name in self.flags}
        flags = with_preset({**self.flags, **changed})
        return Load(
            rate=flags.get("rate", self.rate),
            arrivals=flags.get("arrivals", self.arrivals),
            trace=self.trace,
            requests=self.requests,
            flags=flags,
            scenario=str(values.get("scenario", self.scenario)),
        )


def with_preset(flags: Mapping[str, Any]) -> dict[str, Any]:
    """Return load flags with the skew and the writes of their preset, if they have one."""
    preset = PRESETS.get(flags.get("preset") or "")
    if preset is None:
        return dict(flags)
    return {**flags, "skew": preset.skew, "write_ratio": preset.write_ratio}


def recorded_traffic(
    plan: Mapping[str, Any], values: Mapping[str, Knob] | None = None
) -> tuple[Load, LoadSettings] | None:
    """Return the traffic of a plan from a record; None if another version wrote it differently.

    Args:
        plan: As it stands in the record.
        values: Of the plan's axes; None takes the first of each.
    """
    try:
        load = Load(**plan["load"]).with_values(values or {})
        return load, load.settings(plan["seed"])
    except (KeyError, TypeError, FlagError):
        return None
