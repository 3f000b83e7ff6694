"""What a sweep measures: TTLs, traffic and knobs, each value checked with its source."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests.experiments.plan import fields
from loadtests.experiments.plan.fields import Given, PlanError
from loadtests.service_under_test.contract import Knob
from loadtests.workload.flags import LOAD_FLAGS, FlagError
from loadtests.workload.load_settings import LoadSettings


@dataclass(frozen=True, slots=True)
class Load:
    """The traffic that every trial sends to the service.

    Attributes:
        rate: Lookups per second, the target.
        arrivals: "poisson" or "paced".
        trace: File of ids to replay in order; None draws ids instead.
        requests: Arrivals of the trace; 0 replays all of it.
        flags: Every load flag's value but the seed's, by name; None is not passed on.
    """

    rate: float
    arrivals: str
    trace: Path | None
    requests: int
    flags: Mapping[str, Any]

    def settings(self, seed: int) -> LoadSettings:
        """Return what the load generator makes of these flags and *seed*."""
        values: dict[str, Any] = {flag.key: flag.default for flag in LOAD_FLAGS}
        values |= {name: value for name, value in self.flags.items() if value is not None}
        return LoadSettings(service_urls=(), knobs={}, **{**values, "seed": seed})


def recorded_traffic(plan: Mapping[str, Any]) -> tuple[Load, LoadSettings] | None:
    """Return the traffic of a plan from a record; None if another version wrote it differently."""
    try:
        load = Load(**plan["load"])
        return load, load.settings(plan["seed"])
    except (KeyError, TypeError, FlagError):
        return None


@dataclass(frozen=True, slots=True)
class Plan:
    """One sweep: every TTL, measured `repetitions` times.

    Attributes:
        title: Heading of the report.
        ttl_seconds: TTLs to measure; 0 switches the cache off.
        repetitions: Trials of each TTL.
        seed: Fixes the order of trials and the traffic.
        wanted_hit_ratio: The summary names the smallest TTL that reaches it.
        window_ttls: Length of the measured window in TTLs; None takes the shortest sufficient.
        load: The traffic.
        knobs: Set before each trial, in addition to ttl_seconds.
    """

    title: str
    ttl_seconds: tuple[float, ...]
    repetitions: int
    seed: int
    wanted_hit_ratio: float
    window_ttls: int | None
    load: Load
    knobs: Mapping[str, Knob]


def make_plan(given: Mapping[str, Given], knobs: Mapping[str, Given]) -> Plan:
    """Check values and join them with the defaults.

    Args:
        given: Values of `fields.FIELDS`; an absent one takes its default.
        knobs: Knobs of the service to set.

    Raises:
        PlanError: A value is wrong; one line that names value, place and remedy.
    """
    values = fields.checked(given)
    return Plan(
        title=values["title"],
        ttl_seconds=values["ttl_seconds"],
        repetitions=values["repetitions"],
        seed=values["seed"],
        wanted_hit_ratio=values["wanted_hit_ratio"],
        window_ttls=values["window_ttls"],
        load=_load(values, given),
        knobs=fields.checked_knobs(knobs),
    )


def _load(values: fields.Values, given: Mapping[str, Given]) -> Load:
    trace = Path(values["trace"]).expanduser().resolve() if values["trace"] else None
    for name in (*fields.DRAWN, "window_ttls") if trace else ("requests",):
        if name in given:
            raise PlanError(_combination(name, given[name], trace is not None))
    if values["missing_ratio"] + values["one_hit_ratio"] > 1:
        raise PlanError(
            f"{given['one_hit_ratio'].place}: one_hit_ratio must be at most 1 less missing_ratio "
            f"({values['missing_ratio']:g}), got {values['one_hit_ratio']:g}; lower one of them"
        )
    flags = {name: values[name] for name in fields.LOAD_FIELDS if name != "seed"}
    if trace:
        flags |= {**dict.fromkeys(fields.DRAWN), "trace": str(trace)}
    return Load(
        rate=values["rate"],
        arrivals=values["arrivals"],
        trace=trace,
        requests=values["requests"],
        flags=flags,
    )


def _combination(name: str, value: Given, has_trace: bool) -> str:
    if has_trace:
        return (
            f"{value.place}: {name} means nothing beside a trace, which has its own ids and is "
            "measured whole; leave it out"
        )
    return (
        f"{value.place}: requests needs a trace; without one a trial ends with its window; "
        "leave it out or give trace"
    )
