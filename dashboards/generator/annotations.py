"""The marks on every time axis: a knob changed, a load test started or stopped.

The marks are Prometheus queries over the gauges themselves. So no program needs permission to
write annotations, and a knob changed with curl is marked like one changed in Locust.
"""

from typing import Any

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models.dashboard import AnnotationQuery

from dashboards.generator.panels import DATASOURCE
from dashboards.generator.promql import highest, select, total

# The scrape interval. A mark is shown for one $__rate_interval, which is four times as long.
_STEP = "5s"
NUMBER_KNOBS = (
    "ttl_jitter_ratio",
    "negative_ttl_seconds",
    "early_beta",
    "stale_seconds",
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


def _if_changed(value: str, by: str = "") -> str:
    """Return the PromQL suffix that keeps a result only if *value* changed recently.

    Recently means within the last rate interval; *by* names the labels to compare.
    """
    joined = f"on ({by})"
    return f"and {joined} (changes(({value})[$__rate_interval:5s]) > 0)"


def _ttl() -> str:
    ttl = highest("cacheaside_ttl_seconds")
    return f'count_values("seconds", {ttl}) {_if_changed(ttl)}'


def _numbers() -> str:
    gauges = " or ".join(
        f'label_replace({highest(f"cacheaside_{knob}")}, "knob", "{knob}", "", "")'
        for knob in NUMBER_KNOBS
    )
    return f'count_values by (knob) ("value", {gauges}) {_if_changed(gauges, "knob")}'


def _choices() -> str:
    modes = " or ".join(
        f'label_replace({highest(f"cacheaside_{knob}", by=("mode",))}, "knob", "{knob}", "", "")'
        for knob in CHOICE_KNOBS
    )
    return f"({modes}) == 1 {_if_changed(modes, 'knob, mode')}"


# By generator, because the always-on load of the demo must not hide the others.
_USERS = total("loadtest_users", by=("instance",))
_USERS_BEFORE = f"sum by (instance) ({select('loadtest_users')} offset $__rate_interval)"

MARKS = (
    Mark("TTL", "blue", _ttl(), "TTL is now {{seconds}} s"),
    Mark("Knob", "purple", _numbers(), "{{knob}} is now {{value}}"),
    Mark("Mode", "orange", _choices(), "{{knob}} is now {{mode}}"),
    Mark(
        "Load started",
        "green",
        f"({_USERS} > 0) unless ({_USERS_BEFORE} > 0)",
        "A load test started",
    ),
    Mark(
        "Load stopped",
        "red",
        f"({_USERS_BEFORE} > 0) unless ({_USERS} > 0)",
        "A load test stopped",
    ),
)
