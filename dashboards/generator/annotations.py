"""The marks on every time axis: a knob changed, a load test started or stopped.

The marks are Prometheus queries over the gauges themselves. So no program needs permission to
write annotations, and a knob changed with curl is marked like one changed in Locust.
"""

from typing import Any

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models.dashboard import AnnotationQuery

from dashboards.generator.panels import DATASOURCE
from dashboards.generator.promql import select, total

# The scrape interval.
_STEP = "5s"
NUMBER_KNOBS = (
    "ttl_jitter_ratio",
    "negative_ttl_seconds",
    "early_beta",
    "stale_seconds",
    "shadow_ratio",
    "near_seconds",
    "near_entries",
    "store_delay_seconds",
)
CHOICE_KNOBS = ("protection", "invalidation", "fencing")


class _PrometheusMark(AnnotationQuery):
    """An annotation with the fields that Grafana needs for Prometheus and the SDK lacks."""

    title_format: str
    text_format: str

    def to_json(self) -> dict[str, object]:
        payload: dict[str, Any] = super().to_json()
        # Grafana up to 12.0 reads expr and step; later versions read the target.
        payload["step"] = _STEP
        payload["target"] = {"expr": self.expr, "interval": _STEP, "refId": "Anno"}
        payload["titleFormat"] = self.title_format
        payload["textFormat"] = self.text_format
        payload["tagKeys"] = ""
        payload["useValueForTime"] = False
        return payload


class Mark(build.AnnotationQuery):
    """A mark at the times when *expr* is above 0.

    Args:
        name: Title of the mark.
        colour: Grafana's name for the colour.
        expr: PromQL.
        text: Text of the mark; Grafana fills in {{label}}.
    """

    def __init__(self, name: str, colour: str, expr: str, text: str) -> None:
        mark = _PrometheusMark(
            name=name, datasource=DATASOURCE, enable=True, icon_color=colour, expr=expr
        )
        mark.title_format = name
        mark.text_format = text
        self._internal = mark


def _number_change(knob: str) -> str:
    """Return 1 with the label *knob* while a number is not what it was one step ago, else 0."""
    gauge = select(f"cacheaside_{knob}")
    changed = f'count_values("{knob}", max ({gauge}) != max ({gauge} offset $__interval))'
    return _named(knob, changed)


def _choice_change(knob: str) -> str:
    """Return 1 with the label *knob* while a mode is in force that was not one step ago, else 0."""
    gauge = select(f"cacheaside_{knob}")
    before = f"max by (mode) ({gauge} offset $__interval) < 1"
    # Replicas take over a knob one after another: for a moment two modes may be in force.
    changed = f"topk (1, max by (mode) ({gauge}) == 1 and on (mode) {before})"
    return _named(knob, f'label_replace({changed}, "{knob}", "$1", "mode", "(.+)")')


def _named(knob: str, changed: str) -> str:
    """Return *changed* with the label *knob* as a sentence, or 0 where nothing changed."""
    sentence = f'label_replace({changed}, "{knob}", "{knob} is now $1. ", "{knob}", "(.+)")'
    return f"({sentence} or on () vector(0))"


def _turned() -> str:
    """Return one series that names every knob that was turned since the step before."""
    knobs = ("ttl_seconds", *NUMBER_KNOBS, *CHOICE_KNOBS)
    changes = [
        *(_number_change(knob) for knob in knobs[: -len(CHOICE_KNOBS)]),
        *(_choice_change(knob) for knob in CHOICE_KNOBS),
    ]
    added = changes[0]
    for knob, change in zip(knobs[1:], changes[1:], strict=True):
        added = f"{added} + on () group_left ({knob}) {change}"
    names = ", ".join(f'"{knob}"' for knob in knobs)
    return f'max by (turned) (label_join({added}, "turned", "", {names})) > 0'


def _load() -> str:
    """Return one series for each load generator that got its first user or lost its last."""
    users = total("loadtest_users", by=("instance",))
    before = f"sum by (instance) ({select('loadtest_users')} offset $__interval)"
    started = f"({users} > 0) unless ({before} > 0)"
    stopped = f"({before} > 0) unless ({users} > 0)"
    return (
        f'label_replace({started}, "what", "started", "", "")'
        f' or label_replace({stopped}, "what", "stopped", "", "")'
    )


# A mark stands at the first step that differs from the step before it, which is one moment.
MARKS = (
    Mark("Knobs", "blue", _turned(), "{{turned}}"),
    Mark("Load", "orange", _load(), "Load of {{instance}} {{what}}"),
)
