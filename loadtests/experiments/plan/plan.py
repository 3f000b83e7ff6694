"""What a sweep measures: TTLs, traffic, knobs and axes, each value checked with its source."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from loadtests.experiments.plan import fields
from loadtests.experiments.plan.axes import Axes, Values, combinations, split_axes
from loadtests.experiments.plan.fields import Given, PlanError
from loadtests.experiments.plan.load import Load, with_preset
from loadtests.experiments.plan.load_checks import refuse_combinations
from loadtests.experiments.plan.sweep_flags import MEMORY
from loadtests.service_under_test.contract import Knob
from loadtests.workload.flags import NO_PRESET
from loadtests.workload.presets import PRESETS

MOST_TRIALS = 2000


class Setting(NamedTuple):
    """What one trial is measured with, beside its TTL.

    Attributes:
        load: The traffic.
        knobs: Set on the service.
        memory: Of Redis, by the names of `MEMORY`; empty leaves it alone.
    """

    load: Load
    knobs: dict[str, Knob]
    memory: dict[str, Knob]


@dataclass(frozen=True, slots=True)
class Plan:
    """One sweep: every TTL and combination of the axes, measured `repetitions` times.

    Attributes:
        title: Heading of the report.
        ttl_seconds: TTLs to measure; 0 switches the cache off.
        repetitions: Trials of each TTL and combination.
        seed: Fixes the order of trials and the traffic.
        wanted_hit_ratio: The summary names the smallest TTL that reaches it.
        window_ttls: Length of the measured window in TTLs; None takes the shortest sufficient.
        load: The traffic; of an axis its first value.
        knobs: Set before each trial, in addition to ttl_seconds; of an axis its first value.
        axes: The values of everything else that is varied, by name.
        memory: How Redis' memory is limited, by the names of `MEMORY`; empty leaves it.
    """

    title: str
    ttl_seconds: tuple[float, ...]
    repetitions: int
    seed: int
    wanted_hit_ratio: float
    window_ttls: int | None
    load: Load
    knobs: Mapping[str, Knob]
    axes: Axes = field(default_factory=dict)
    memory: Mapping[str, Knob] = field(default_factory=dict)

    def at(self, values: Values) -> Setting:
        """Return what a trial with these values of the axes is measured with."""
        load = self.load.with_values(values)
        knobs = {**self.knobs, **{name: values[name] for name in values if name in fields.KNOBS}}
        memory = {
            **self.memory,
            **{name: values[name] for name in values if name in MEMORY},
        }
        return Setting(load, {**_preset_knobs(load, self.axes), **knobs}, memory)


def make_plan(given: Mapping[str, Given], knobs: Mapping[str, Given]) -> Plan:
    """Check values and join them with the defaults.

    Args:
        given: Values of `fields.FIELDS`, some of them lists; an absent one takes its default.
        knobs: Knobs of the service to set, likewise.

    Raises:
        PlanError: A value is wrong; one line that names value, place and remedy.
    """
    first, load_axes = split_axes(given, fields.FIELDS)
    first_knobs, knob_axes = split_axes(knobs, fields.KNOBS)
    values = fields.checked(first)
    if "scenario" not in given and {"write_ratio", "preset"} & given.keys():
        values["scenario"] = "ReadWrite"
    axes = {**load_axes, **knob_axes}
    for each in combinations(load_axes):
        refuse_combinations({**values, **each}, given)
    load = _load(values, axes)
    plan = Plan(
        title=values["title"],
        ttl_seconds=_ttls(values, given, axes),
        repetitions=values["repetitions"],
        seed=values["seed"],
        wanted_hit_ratio=values["wanted_hit_ratio"],
        window_ttls=values["window_ttls"],
        load=load,
        knobs=fields.checked_knobs(first_knobs),
        axes=axes,
        memory=_memory(values, given),
    )
    count = len(combinations(axes)) * len(plan.ttl_seconds) * plan.repetitions
    if count > MOST_TRIALS:
        raise PlanError(
            f"a plan may have at most {MOST_TRIALS} trials, got {count}: {len(plan.ttl_seconds)} "
            f"TTLs, {len(combinations(axes))} combinations of {', '.join(axes) or 'no axis'}, "
            f"{plan.repetitions} repetitions; leave some out"
        )
    return plan


def recorded_plan(values: Mapping[str, Any]) -> Plan:
    """Return a plan from a record, to go on with it.

    Raises:
        KeyError, TypeError: Another version wrote it differently.
    """
    load = values["load"]
    trace = Path(load["trace"]) if load["trace"] else None
    return Plan(
        **{
            **values,
            "ttl_seconds": tuple(values["ttl_seconds"]),
            "load": Load(**{**load, "trace": trace}),
            "axes": {name: tuple(each) for name, each in values.get("axes", {}).items()},
        }
    )


def _ttls(values: fields.Values, given: Mapping[str, Given], axes: Axes) -> tuple[float, ...]:
    """Return the TTLs to measure: by default that of the preset, if there is one."""
    preset = PRESETS.get(values["preset"])
    if preset is not None and not {"ttl_seconds"} & given.keys() and "preset" not in axes:
        return (preset.ttl_seconds,)
    found: tuple[float, ...] = values["ttl_seconds"]
    return found


def _preset_knobs(load: Load, axes: Axes) -> dict[str, Knob]:
    """Return the spread of the TTL that a preset has; of no preset only beside one that has."""
    preset = PRESETS.get(load.flags.get("preset") or NO_PRESET)
    if preset is not None:
        return {"ttl_jitter_ratio": preset.ttl_jitter_ratio}
    return {"ttl_jitter_ratio": 0.0} if "preset" in axes else {}


def _memory(values: fields.Values, given: Mapping[str, Given]) -> dict[str, Knob]:
    if "maxmemory_entries" in given:
        return {name: values[name] for name in MEMORY}
    if "maxmemory_policy" in given:
        raise PlanError(
            f"{given['maxmemory_policy'].place}: maxmemory_policy needs maxmemory_entries, "
            "without which nothing is evicted; give both"
        )
    return {}


def _load(values: fields.Values, axes: Axes) -> Load:
    trace = _path(values["trace"]) if values["trace"] else None
    flags = {name: values[name] for name in fields.LOAD_FIELDS if name != "seed"}
    if trace:
        flags |= {**dict.fromkeys(fields.DRAWN), "trace": str(trace)}
    return Load(
        rate=values["rate"],
        arrivals=values["arrivals"],
        trace=trace,
        requests=values["requests"],
        flags=flags if "preset" in axes else with_preset(flags),
        scenario=values["scenario"],
    )


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser().resolve()
    except (OSError, RuntimeError) as error:  # A loop of links, or a home that nobody has.
        raise PlanError(f"trace {text!r} cannot be found: {error}; check the path") from None
