"""The kinds of panel that our dashboards are made of, each with one look."""

from dataclasses import dataclass

from grafana_foundation_sdk.builders import common, prometheus, stat, statetimeline, timeseries
from grafana_foundation_sdk.builders.dashboard import FieldColor, ThresholdsConfig
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as looks
from grafana_foundation_sdk.models import dashboard
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

Panel = Builder[dashboard.Panel]
"""Any of the SDK's panels, before it is built."""

UNKNOWN = "\N{EN DASH}"

DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")

# One colour for each result, everywhere; told apart in shades of grey as well.
COLOURS = {
    "hit": "#73bf69",
    "stale": "#b9eb9a",
    "negative": "#8ab8ff",
    "miss": "#ffb357",
    "coalesced": "#8f3bb8",
    "bypass": "#8e8e8e",
    "error": "#c4162a",
    "failed": "#f2495c",
    "dropped": "#ffdca8",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One query of a panel.

    Attributes:
        expr: PromQL.
        legend: What the reader calls it; {{label}} is filled in.
    """

    expr: str
    legend: str


@dataclass(frozen=True, slots=True)
class Words:
    """What a panel says of itself.

    Attributes:
        title: A noun.
        text: What it shows and which way is good, in plain words.
        unit: Grafana's name of the unit.
    """

    title: str
    text: str
    unit: str


def query(line: Line, number: int) -> prometheus.Dataquery:
    """Return a query over time."""
    return _asked(line.expr, number).legend_format(line.legend).range()


def instant(expr: str, number: int) -> prometheus.Dataquery:
    """Return a query of one moment, as a table: a row for each set of labels."""
    return _asked(expr, number).format(PromQueryFormat.TABLE).instant()


def number(words: Words, line: Line, width: int = 3, decimals: int | None = None) -> stat.Panel:
    """Return a headline: the value now, and none when there is none now."""
    panel = (
        stat.Panel()
        .title(words.title)
        .description(words.text)
        .datasource(DATASOURCE)
        .unit(words.unit)
        .no_value(UNKNOWN)
        .thresholds(_plain())
        .graph_mode(looks.BigValueGraphMode.NONE)
        .color_mode(looks.BigValueColorMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .span(width)
        .height(4)
        .with_target(_asked(line.expr, 0).legend_format(line.legend).instant())
    )
    return panel if decimals is None else panel.decimals(decimals)


def curves(words: Words, *lines: Line, width: int = 8, height: int = 8) -> timeseries.Panel:
    """Return lines over time; a legend that is a result gets that result's colour."""
    panel = (
        timeseries.Panel()
        .title(words.title)
        .description(words.text)
        .datasource(DATASOURCE)
        .unit(words.unit)
        .min(0)
        .no_value(UNKNOWN)
        .line_width(2)
        .fill_opacity(6)
        .show_points(looks.VisibilityMode.NEVER)
        .span_nulls(30_000)
        .span(width)
        .height(height)
        .legend(
            common.VizLegendOptions()
            .display_mode(looks.LegendDisplayMode.LIST)
            .placement(looks.LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs([])
        )
        .tooltip(
            common.VizTooltipOptions()
            .mode(looks.TooltipDisplayMode.MULTI)
            .sort(looks.SortOrder.DESCENDING)
        )
    )
    for position, line in enumerate(lines):
        panel.with_target(query(line, position))
    return panel


def by_result(panel: timeseries.Panel) -> timeseries.Panel:
    """Give every result its own colour."""
    for result, colour in COLOURS.items():
        panel.override_by_name(result, [fixed(colour)])
    return panel


def stacked(panel: timeseries.Panel) -> timeseries.Panel:
    """Put the lines on top of one another: their heights add up."""
    return (
        panel.fill_opacity(40)
        .line_width(1)
        .stacking(common.StackingConfig().mode(looks.StackingMode.NORMAL).group("A"))
    )


def steps(panel: timeseries.Panel) -> timeseries.Panel:
    """Draw a setting: it holds until it is changed."""
    return panel.line_interpolation(looks.LineInterpolation.STEP_AFTER).fill_opacity(0)


def dashed(panel: timeseries.Panel, legend: str) -> timeseries.Panel:
    """Draw one line dashed and unfilled: a prediction or a target, not a measurement."""
    style = {"fill": "dash", "dash": [8, 6]}
    return panel.override_by_name(
        legend,
        [
            DynamicConfigValue(id_val="custom.lineStyle", value=style),
            DynamicConfigValue(id_val="custom.fillOpacity", value=0),
        ],
    )


def states(words: Words, line: Line, width: int = 8, height: int = 8) -> statetimeline.Panel:
    """Return bands over time for something that is one or the other."""
    return (
        statetimeline.Panel()
        .title(words.title)
        .description(words.text)
        .datasource(DATASOURCE)
        .unit(words.unit)
        .no_value(UNKNOWN)
        .thresholds(
            ThresholdsConfig()
            .mode(ThresholdsMode.ABSOLUTE)
            .steps([Threshold(value=None, color="green"), Threshold(value=1, color="red")])
        )
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .show_value(looks.VisibilityMode.NEVER)
        .span(width)
        .height(height)
        .with_target(query(line, 0))
    )


def fixed(colour: str) -> DynamicConfigValue:
    """Return the override that paints a field."""
    return DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": colour})


def _asked(expr: str, number: int) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(expr).ref_id(chr(ord("A") + number))


def _plain() -> ThresholdsConfig:
    """No value is good or bad by itself: what a hit ratio is worth depends on the TTL."""
    return (
        ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps([Threshold(value=None, color="text")])
    )
