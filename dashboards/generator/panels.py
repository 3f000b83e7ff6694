"""The kinds of panel that the dashboards use, each with one style."""

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
"""Any panel of the SDK, before it is built."""

UNKNOWN = "\N{EN DASH}"

DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")

# Each result has one colour everywhere. The colours also differ when printed in grey.
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
        legend: The name that the reader sees; Grafana fills in {{label}}.
    """

    expr: str
    legend: str


@dataclass(frozen=True, slots=True)
class Words:
    """Title, description and unit of a panel.

    Attributes:
        title: A noun.
        text: What the panel shows and which direction is good, in plain words.
        unit: Grafana's name for the unit.
    """

    title: str
    text: str
    unit: str


def range_query(line: Line, number: int) -> prometheus.Dataquery:
    """Return a query over the time range."""
    return _dataquery(line.expr, number).legend_format(line.legend).range()


def instant_query(expr: str, number: int) -> prometheus.Dataquery:
    """Return a query of the latest moment, as a table with a row for each set of labels."""
    return _dataquery(expr, number).format(PromQueryFormat.TABLE).instant()


def headline(words: Words, line: Line, width: int = 3, decimals: int | None = None) -> stat.Panel:
    """Return a panel with one current number, or a dash if there is no current value."""
    panel = (
        stat.Panel()
        .title(words.title)
        .description(words.text)
        .datasource(DATASOURCE)
        .unit(words.unit)
        .no_value(UNKNOWN)
        .thresholds(_no_thresholds())
        .graph_mode(looks.BigValueGraphMode.NONE)
        .color_mode(looks.BigValueColorMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .span(width)
        .height(4)
        .with_target(_dataquery(line.expr, 0).legend_format(line.legend).instant())
    )
    return panel if decimals is None else panel.decimals(decimals)


def curves(words: Words, *lines: Line, width: int = 8, height: int = 8) -> timeseries.Panel:
    """Return a panel of lines over time."""
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
        panel.with_target(range_query(line, position))
    return panel


def with_result_colours(panel: timeseries.Panel) -> timeseries.Panel:
    """Return the panel with each result in its own colour."""
    for result, colour in COLOURS.items():
        panel.override_by_name(result, [fixed_colour(colour)])
    return panel


def with_stacked_lines(panel: timeseries.Panel) -> timeseries.Panel:
    """Return the panel with its lines stacked, so that their heights add up."""
    return (
        panel.fill_opacity(40)
        .line_width(1)
        .stacking(common.StackingConfig().mode(looks.StackingMode.NORMAL).group("A"))
    )


def with_steps(panel: timeseries.Panel) -> timeseries.Panel:
    """Return the panel with step lines, for a setting that holds until it is changed."""
    return panel.line_interpolation(looks.LineInterpolation.STEP_AFTER).fill_opacity(0)


def with_dashed_line(panel: timeseries.Panel, legend: str) -> timeseries.Panel:
    """Return the panel with one dashed, unfilled line: a prediction, a target or a limit."""
    style = {"fill": "dash", "dash": [8, 6]}
    return panel.override_by_name(
        legend,
        [
            DynamicConfigValue(id_val="custom.lineStyle", value=style),
            DynamicConfigValue(id_val="custom.fillOpacity", value=0),
        ],
    )


def states(words: Words, line: Line, width: int = 8, height: int = 8) -> statetimeline.Panel:
    """Return a panel of coloured bands over time, for something that is on or off."""
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
        .with_target(range_query(line, 0))
    )


def fixed_colour(colour: str) -> DynamicConfigValue:
    """Return the override that sets the colour of a field."""
    return DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": colour})


def _dataquery(expr: str, number: int) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(expr).ref_id(chr(ord("A") + number))


def _no_thresholds() -> ThresholdsConfig:
    """Return one neutral colour: whether a hit ratio is good, say, depends on the TTL."""
    return (
        ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps([Threshold(value=None, color="text")])
    )
