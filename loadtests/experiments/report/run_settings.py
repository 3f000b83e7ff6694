"""Every setting of a run and every knob of its trials, as lists and as sentences."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from loadtests.experiments.plan.axes import value_text
from loadtests.experiments.plan.load import recorded_traffic
from loadtests.experiments.records.records import RunRecord, TrialRecord
from loadtests.output.figure_text import UNKNOWN, percent_text
from loadtests.prediction.top_shares import top_shares
from loadtests.workload.scenario import Workload

_OTHER_IDS = {"missing_ratio": "missing ids", "one_hit_ratio": "ids asked for once"}
_SHOWN_ELSEWHERE = {"format", "title", "started_at", "plan", "stack", "kind", "target"}


class Setting(NamedTuple):
    """One setting.

    Attributes:
        name: As in a plan.
        value: As text.
        given: Whether the plan sets it; a knob that is not given has the service's own value.
    """

    name: str
    value: str
    given: bool = False


def settings_of(run: RunRecord, records: Sequence[TrialRecord]) -> dict[str, list[Setting]]:
    """Return every setting by group: traffic, knobs, run."""
    load = run.plan["load"]
    traffic = {**load["flags"], **{name: load[name] for name in load if name != "flags"}}
    given = {**run.plan.get("knobs", {}), **run.plan.get("axes", {}), "ttl_seconds": None}
    plan = {name: run.plan[name] for name in run.plan if name not in {"title", "load", "knobs"}}
    facts = {
        field.name: getattr(run, field.name)
        for field in dataclasses.fields(run)
        if field.name not in _SHOWN_ELSEWHERE
        and not (run.target and field.name == "store_delay_seconds")
        and not (field.name == "resumed_at" and not run.resumed_at)
    }
    return {
        "Traffic": [
            *(Setting(name, _text(value)) for name, value in sorted(traffic.items())),
            *_top_shares(run),
        ],
        "Knobs": [
            Setting(name, value, name in given) for name, value in sorted(_knobs(records).items())
        ],
        "Run": [Setting(name, text) for name, text in _flat({**plan, **facts})],
    }


def load_sentence(run: RunRecord) -> str:
    """Return a sentence that describes the traffic."""
    load = run.plan["load"]
    kind = "Poisson" if load["arrivals"] == "poisson" else "evenly paced"
    sent = "requests" if _writes(run) else "lookups"
    rate = _of_plan(run, "rate", load["rate"])
    parts = [f"{rate} {sent} per second, open, {kind}", _keys(run), *_writes(run), *_shape(run)]
    return f"Traffic: {'; '.join(parts)}.{_varied(run)}"


def _varied(run: RunRecord) -> str:
    """Return a sentence that names every axis with its values; nothing without axes."""
    axes = run.plan.get("axes", {})
    if not axes:
        return ""
    named = [f"{name} {', '.join(map(value_text, values))}" for name, values in axes.items()]
    return f" Varied: {'; '.join(named)}."


def _of_plan(run: RunRecord, name: str, value: float) -> str:
    """Return the value of a load flag, or all those that it takes."""
    return "/".join(value_text(each) for each in run.plan.get("axes", {}).get(name, [float(value)]))


def _writes(run: RunRecord) -> list[str]:
    flags, axes = run.plan["load"]["flags"], run.plan.get("axes", {})
    writes = run.plan["load"].get("scenario") == "ReadWrite" or "ReadWrite" in axes.get(
        "scenario", ()
    )
    if not writes:
        return []
    if "preset" in axes:
        return ["writes as in each preset"]
    return [f"write ratio {_of_plan(run, 'write_ratio', flags.get('write_ratio') or 0.0)}"]


def _shape(run: RunRecord) -> list[str]:
    shape = run.plan["load"]["flags"].get("shape", "steady")
    return [] if shape == "steady" else [f"shape {shape}"]


def knob_sentence(run: RunRecord) -> str:
    """Return a sentence that names the knobs that the plan sets, or the target."""
    if run.target:
        return f"Target: {run.target}."
    axes = run.plan.get("axes", {})
    given = {**run.plan.get("knobs", {}), **run.plan.get("memory", {})}
    knobs = [f"{name} {_text(value)}" for name, value in given.items() if name not in axes]
    return f"Knobs: {', '.join(knobs)}." if knobs else "Knobs: the service's own."


def _top_shares(run: RunRecord) -> Iterator[Setting]:
    """Yield which share of the lookups the most popular ids have; of a trace nothing."""
    traffic = recorded_traffic(run.plan)
    if traffic is not None and not traffic[0].trace:
        shares = top_shares(Workload(traffic[1], None), {"sweep": traffic[0].behaviour})
        for top, share in shares.items():
            yield Setting(f"share of the top {top}", percent_text(share))


def _keys(run: RunRecord) -> str:
    load = run.plan["load"]
    flags = load["flags"]
    if load["trace"]:
        return f"trace {Path(load['trace']).name}, the whole run measured from a cold cache"
    skewed = flags["popularity"] in ("zipf", "latest")
    skew = f" (s = {_of_plan(run, 'skew', flags['skew'])})" if skewed else ""
    items = _of_plan(run, "items", flags["items"])
    keys = f"{flags['popularity'].capitalize()}{skew} over {items} items"
    for name, ids in _OTHER_IDS.items():
        if flags[name]:
            keys += f", {flags[name]:.0%} of them {ids}"
    return keys


def _knobs(records: Sequence[TrialRecord]) -> dict[str, str]:
    """Return every knob with its value, or its values where trials differ."""
    found: dict[str, dict[str, None]] = {}
    for record in sorted(records, key=lambda record: record.trial.ttl_seconds):
        for name, value in record.knobs.items():
            found.setdefault(name, {})[_text(value)] = None
    return {name: ", ".join(values) for name, values in found.items()}


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", _text(value)


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    if isinstance(value, float):
        return f"{value:.10g}"
    return UNKNOWN if value is None or value == "" else str(value)
