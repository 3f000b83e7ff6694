"""The kinds of panel that the dashboards use, each with one style."""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import common, prometheus, stat, statetimeline, timeseries
from grafana_foundation_sdk.builders.dashboard import FieldColor, ThresholdsConfig
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as looks
from grafana_foundation_sdk.models import dashboard
from grafana_foundation_sdk.models.dashboard import (
    DashboardRangeMapOptions,
    DataSourceRef,
    DynamicConfigValue,
    FieldColorModeId,
    RangeMap,
    Threshold,
    ThresholdsMode,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.generator.colours import COLOURS, words_of_legend

Panel = Builder[dashboard.Panel]
"""Any panel of the SDK, before it is built."""

DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
NO_LOAD = "No load yet: start one at http://127.0.0.1:8089"
# A legend of more lines than a panel is high would have to be scrolled.
MOST_LINES = 8
_HEADLINE_SIZE = 30
# Each point of a quantile costs the rates of thousands of buckets. With this many points, they are
# 5 s apart on a quarter of an hour, as elsewhere, and 30 s apart on an hour.
MOST_QUANTILES = 130
_NEUTRAL = "text"
# How far an axis reaches at least, by unit; a rate of few a minute must still be seen.
_LEAST_AXIS = {"short": 1.0, "s": 1.0, "bytes": 2.0**20, "suffix:cores": 1.0}
_LEAST_RATE = 0.1


@dataclass(frozen=True, slots=True)
class Line:
    """One query of a panel.

    Attributes:
        expr: PromQL.
        legend: The name that the reader sees; Grafana fills in {{label}}.
        dashed: Whether it is a limit, a target or a prediction rather than a measurement.
    """

    expr: str
    legend: str
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """Title, description and unit of a panel.

    Attributes:
        title: A noun.
        text: What the panel shows and which direction is good, in plain words.
        unit: Grafana's name for the unit.
        empty: What stands in the panel while it has nothing to show.
    """

    title: str
    text: str
    unit: str
    empty: str = NO_LOAD


def range_query(line: Line, number: int) -> prometheus.Dataquery:
    """Return a query over the time range."""
    return _dataquery(line.expr, number).legend_format(line.legend).range()


def instant_query(expr: str, number: int) -> prometheus.Dataquery:
    """Return a query of the latest moment, as a table with a row for each set of labels."""
    return _dataquery(expr, number).format(PromQueryFormat.TABLE).instant()


def headline(
    words: Words,
    line: Line,
    decimals: int | None = None,
    bad_from: Sequence[tuple[float, str]] = (),
    bad_below: float | None = None,
) -> stat.Panel:
    """Return a panel with one current number, or *words.empty* if there is no current value.

    Args:
        words: Title, description and unit.
        line: The query.
        decimals: How many; None lets Grafana choose.
        bad_from: From which value on the number has which colour; below them it is neutral.
        bad_below: Below which value it is red.
    """
    panel = (
        stat.Panel()
        .title(words.title)
        .description(words.text)
        .datasource(DATASOURCE)
        .unit(words.unit)
        .no_value("no load" if words.empty == NO_LOAD else words.empty)
        .thresholds(thresholds(*bad_from))
        .graph_mode(looks.BigValueGraphMode.NONE)
        .color_mode(looks.BigValueColorMode.VALUE)
        .text(common.VizTextDisplayOptions().value_size(_HEADLINE_SIZE))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .span(3)
        .height(3)
        .with_target(_dataquery(line.expr, 0).legend_format(line.legend).instant())
    )
    if bad_below is not None:
        # A threshold from minus infinity on would colour the words for no value as well.
        panel.mappings([_red_below(bad_below)])
    return panel if decimals is None else panel.decimals(decimals)


def curves(
    words: Words, *lines: Line, width: int = 8, height: int = 8, lowest: float = 0
) -> timeseries.Panel:
    """Return a panel of lines over time from *lowest* on, each in the colour of its word."""
    panel = _lines(words, *lines, width=width, height=height).min(lowest)
    if words.unit == "percentunit":
        return panel.max(1)
    # Without it, the axis of a line that is 0 throughout reaches to 100.
    return panel.axis_soft_max(lowest + _LEAST_AXIS.get(words.unit, _LEAST_RATE))


def latencies(words: Words, *lines: Line, width: int = 8, height: int = 8) -> timeseries.Panel:
    """Return a panel of lines on a logarithmic axis, on which hits and misses are both seen."""
    return (
        _lines(words, *lines, width=width, height=height)
        .scale_distribution(
            common.ScaleDistributionConfig().type(looks.ScaleDistribution.LOG).log(10)
        )
        .max_data_points(MOST_QUANTILES)
    )


def _lines(words: Words, *lines: Line, width: int, height: int) -> timeseries.Panel:
    panel = (
        timeseries.Panel()
        .title(words.title)
        .description(words.text)
        .datasource(DATASOURCE)
        .unit(words.unit)
        .no_value(words.empty)
        .line_width(2)
        .fill_opacity(0)
        .show_points(looks.VisibilityMode.NEVER)
        .span_nulls(30_000)
        .span(width)
        .height(height)
        .legend(_legend(lines))
        .tooltip(
            common.VizTooltipOptions()
            .mode(looks.TooltipDisplayMode.MULTI)
            .sort(looks.SortOrder.DESCENDING)
        )
    )
    for position, line in enumerate(lines):
        panel.with_target(range_query(line, position))
        for word in words_of_legend(line.legend):
            panel.override_by_name(word, _style(word, dashed=line.dashed))
    return panel


def states(
    words: Words, line: Line, colours: tuple[str, str], width: int = 8, height: int = 8
) -> statetimeline.Panel:
    """Return a panel of coloured bands over time, for something that is off (0) or on (1)."""
    off, on = colours
    return (
        statetimeline.Panel()
        .title(words.title)
        .description(words.text)
        .datasource(DATASOURCE)
        .unit(words.unit)
        .no_value(words.empty)
        .thresholds(
            ThresholdsConfig()
            .mode(ThresholdsMode.ABSOLUTE)
            .steps([Threshold(value=None, color=off), Threshold(value=1, color=on)])
        )
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .show_value(looks.VisibilityMode.NEVER)
        .legend(_legend(()))
        .span(width)
        .height(height)
        .with_target(range_query(line, 0))
    )


def thresholds(*steps: tuple[float, str]) -> ThresholdsConfig:
    """Return colours by value; below the first step the colour is neutral."""
    found = [Threshold(value=value, color=colour) for value, colour in steps]
    return (
        ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps([Threshold(value=None, color=_NEUTRAL), *found])
    )


def fixed_colour(word: str) -> DynamicConfigValue:
    """Return the override that gives a field the colour of its word."""
    return DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": COLOURS[word]})


def _red_below(limit: float) -> RangeMap:
    return RangeMap(
        options=DashboardRangeMapOptions(
            from_val=0, to=limit, result=ValueMappingResult(color="red", index=0)
        )
    )


def _style(word: str, *, dashed: bool) -> list[DynamicConfigValue]:
    style = [fixed_colour(word)]
    if dashed:
        line = {"fill": "dash", "dash": [8, 6]}
        style.append(DynamicConfigValue(id_val="custom.lineStyle", value=line))
    return style


def _legend(lines: Sequence[Line]) -> common.VizLegendOptions:
    """Return a table beside the panel, the highest first; no legend for the one line of a title."""
    several = len(lines) > 1 or any("{{" in line.legend for line in lines)
    return (
        common.VizLegendOptions()
        .display_mode(looks.LegendDisplayMode.TABLE)
        .placement(looks.LegendPlacement.RIGHT)
        .show_legend(several)
        .calcs(["lastNotNull"])
        .sort_by("Last *")
        .sort_desc(True)
    )


def _dataquery(expr: str, number: int) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(expr).ref_id(chr(ord("A") + number))
