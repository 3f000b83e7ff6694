"""What a sweep shall measure: TTLs, load and knobs, each value checked where it was given."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests.experiments.plan import fields
from loadtests.experiments.plan.fields import Given, PlanError

KnobValue = float | str


@dataclass(frozen=True, slots=True)
class Load:
    """The load that every trial puts on the service."""

    rate: float  # lookups per second, the target
    arrivals: str  # "poisson" or "paced"
    trace: Path | None  # file of ids, in order; None draws them
    requests: int  # arrivals of a trace; 0 replays all of it, and goes without a trace
    flags: Mapping[str, Any]  # every load flag's value, but seed, by name; None is left out


@dataclass(frozen=True, slots=True)
class Plan:
    """One sweep: every TTL, so many times."""

    title: str
    ttl_seconds: tuple[float, ...]
    repetitions: int
    seed: int
    wanted_hit_ratio: float  # the summary names the smallest TTL that reaches it
    window_ttls: int | None  # length of the window; None takes the rule's
    load: Load
    knobs: Mapping[str, KnobValue]  # set before each trial, beside ttl_seconds


def make_plan(given: Mapping[str, Given], knobs: Mapping[str, Given]) -> Plan:
    """Check values by name and join them with the defaults.

    Args:
        given: Values of `fields.FIELDS`; one that is absent takes its default.
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
            f"{value.place}: {name} means nothing beside a trace, whose ids are given and which is "
            "measured whole; leave it out"
        )
    return (
        f"{value.place}: requests needs a trace; without one a trial ends when its window has "
        "closed; leave it out or give trace"
    )
