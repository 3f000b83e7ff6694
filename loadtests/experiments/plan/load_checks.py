"""Refuses load flags that do not go together."""

from collections.abc import Mapping
from typing import Any

from loadtests.experiments.plan.fields import DRAWN, PUBLISHED, SHAPED, Given, PlanError
from loadtests.workload.flags import NO_PRESET
from loadtests.workload.scenario import SCENARIOS

_NOT_WITH_TRACE = (*DRAWN, "window_ttls", "hot_key", "preset", *SHAPED)


def refuse_combinations(values: Mapping[str, Any], given: Mapping[str, Given]) -> None:
    """Check one combination of values.

    Args:
        values: Of every field.
        given: Those that were given, with their places.

    Raises:
        PlanError: Two of them do not go together; one line that names value, place and remedy.
    """
    has_trace = bool(values["trace"])
    if "trace" in given and not has_trace:
        raise PlanError(
            f"{given['trace'].place}: trace must be a file, got {given['trace'].value!r}; leave it"
            " out to draw ids"
        )
    for name in _NOT_WITH_TRACE if has_trace else ("requests",):
        if name in given:
            raise PlanError(_beside_trace(name, given[name], has_trace))
    if values["missing_ratio"] + values["one_hit_ratio"] > 1:
        raise PlanError(
            f"{given['one_hit_ratio'].place}: one_hit_ratio must be at most 1 less missing_ratio "
            f"({values['missing_ratio']:g}), got {values['one_hit_ratio']:g}; lower one of them"
        )
    if values["shape"] == "spike" and values["spike_seconds"] >= values["shape_period_seconds"]:
        raise PlanError(
            f"{given['shape'].place}: a spike of spike_seconds {values['spike_seconds']:g} must be "
            f"shorter than shape_period_seconds ({values['shape_period_seconds']:g}); shorten it"
        )
    _refuse_scenario(values, given, has_trace=has_trace)


def _refuse_scenario(
    values: Mapping[str, Any], given: Mapping[str, Given], *, has_trace: bool
) -> None:
    scenario = SCENARIOS[values["scenario"]]
    if "write_ratio" in given and not scenario.writes:
        raise PlanError(
            f"{given['write_ratio'].place}: write_ratio means nothing in scenario "
            f"{values['scenario']}, which writes nothing; choose ReadWrite"
        )
    if has_trace and (scenario.hot_key or scenario.missing):
        raise PlanError(
            f"{given['scenario'].place}: scenario {values['scenario']} means nothing beside a "
            "trace, which has its own ids; choose ReadHeavy or ReadWrite"
        )
    if values["preset"] != NO_PRESET:
        for name in PUBLISHED:
            if name in given:
                raise PlanError(
                    f"{given[name].place}: {name} means nothing beside preset {values['preset']}, "
                    "which has its own; leave one of the two out"
                )


def _beside_trace(name: str, value: Given, has_trace: bool) -> str:
    if has_trace:
        return (
            f"{value.place}: {name} means nothing beside a trace, which has its own ids and is "
            "measured whole; leave it out"
        )
    return (
        f"{value.place}: requests needs a trace; without one a trial ends with its window; "
        "leave it out or give trace"
    )
