"""Every setting of a run and every knob of its trials, as lists and as sentences."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from loadtests.experiments.plan.plan import recorded_traffic
from loadtests.experiments.records.records import RunRecord, TrialRecord
from loadtests.output.figure_text import UNKNOWN, percent_text
from loadtests.prediction.top_shares import top_shares
from loadtests.workload.scenario import Scenario, Workload

_OTHER_IDS = {"missing_ratio": "missing ids", "one_hit_ratio": "ids asked for once"}
_SHOWN_ELSEWHERE = {"format", "title", "started_at", "plan", "stack", "kind"}


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
    given = {**run.plan.get("knobs", {}), "ttl_seconds": None}
    plan = {name: run.plan[name] for name in run.plan if name not in {"title", "load", "knobs"}}
    facts = {
        field.name: getattr(run, field.name)
        for field in dataclasses.fields(run)
        if field.name not in _SHOWN_ELSEWHERE
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
    return f"Traffic: {load['rate']:g} lookups per second, open, {kind}; {_keys(load)}."


def knob_sentence(run: RunRecord) -> str:
    """Return a sentence that names the knobs that the plan sets."""
    knobs = [f"{name} {_text(value)}" for name, value in run.plan.get("knobs", {}).items()]
    return f"Knobs: {', '.join(knobs)}." if knobs else "Knobs: the service's own."


def _top_shares(run: RunRecord) -> Iterator[Setting]:
    """Yield which share of the lookups the most popular ids have; of a trace nothing."""
    traffic = recorded_traffic(run.plan)
    if traffic is not None and not traffic[0].trace:
        shares = top_shares(Workload(traffic[1], None), {"sweep": Scenario()})
        for top, share in shares.items():
            yield Setting(f"share of the top {top}", percent_text(share))


def _keys(load: Mapping[str, Any]) -> str:
    flags = load["flags"]
    if load["trace"]:
        return f"trace {Path(load['trace']).name}, the whole run measured from a cold cache"
    skew = f" (s = {flags['skew']:g})" if flags["popularity"] in ("zipf", "latest") else ""
    keys = f"{flags['popularity'].capitalize()}{skew} over {flags['items']} items"
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
