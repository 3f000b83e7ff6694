"""Panels against the TTL: a chart with a point for each TTL that was in force, and a table.

Every query returns a row for each value of the label `ttl`. Grafana converts the label to a
number, which the chart uses as its horizontal axis. `as_ttl` adds the label where it is missing.
"""

from dataclasses import dataclass

from grafana_foundation_sdk.builders import common, table, xychart
from grafana_foundation_sdk.models import common as looks
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue
from grafana_foundation_sdk.models.xychart import PointShape, SeriesMapping, XYShowMode

from dashboards.generator.panels import DATASOURCE, Words, fixed_colour, instant_query
from dashboards.generator.promql import highest, select

UNKNOWN = "\N{EN DASH}"

_NUMBER = DataTransformerConfig(
    id_val="convertFieldType",
    options={
        "conversions": [{"targetField": "ttl", "destinationType": "number"}],
        "fields": {},
    },
)
_SORTED = DataTransformerConfig(
    id_val="sortBy", options={"fields": {}, "sort": [{"field": "ttl", "desc": False}]}
)


@dataclass(frozen=True, slots=True)
class Column:
    """One query with a row for each TTL.

    Attributes:
        expr: PromQL whose result has the label ttl and no other.
        name: The name that the reader sees, which also says its colour.
        drawn: "points" for what was measured: each TTL may have had another load, so a line
            between them would lie. "lines" for a curve.
        shape: "circle" for what was measured, "square" for what was predicted.
        unit: Grafana's name for the unit, for the table; None uses the panel's unit.
    """

    expr: str
    name: str
    drawn: str = "points"
    shape: str = "circle"
    unit: str | None = None


def as_ttl(expr: str) -> str:
    """Return *expr* with its label ttl_seconds renamed to ttl."""
    return f'max by (ttl) (label_replace({expr}, "ttl", "$1", "ttl_seconds", "(.+)"))'


def ttls_seen() -> str:
    """Return the TTLs of the time range, without 0, as a range vector."""
    return f"({select('cacheaside_ttl_seconds')} > 0)[$__range:5s]"


def ttl_now(height: float) -> Column:
    """Return a point at the TTL in force, which keeps the axes while nothing was measured yet.

    Grafana writes "Err" instead of a chart without points, ends the axis at the decade of the last
    point and cuts in half what lies there. So two more points lie beyond the TTLs that were seen,
    or at 1 and 100 s where none was, out of sight: their height is far below 0.
    """
    least, most = f"min (min_over_time({ttls_seen()}))", f"max (max_over_time({ttls_seen()}))"
    points = (
        f'{height} + 0 * count_values("ttl", {highest("cacheaside_ttl_seconds")})',
        f'-1000000 * count_values("ttl", 0.9 * {least} or vector(1))',
        f'-1000000 * count_values("ttl", 1.1 * {most} or vector(100))',
    )
    return Column(" or ".join(points), "TTL now", shape="square")


def against_ttl(
    words: Words,
    *columns: Column,
    log: bool = False,
    whole: bool = False,
    width: int = 12,
    height: int = 9,
) -> xychart.Panel:
    """Return a chart with the TTL on the horizontal axis.

    The vertical one is logarithmic with *log*, and reaches from 0 to 100 % with *whole*.
    """
    panel = (
        xychart.Panel()
        .title(words.title)
        .description(words.text)
        .datasource(DATASOURCE)
        .unit(words.unit)
        .no_value(words.empty)
        # Without a name Grafana takes that of the points, where only one kind has a value.
        .axis_label(words.title.removesuffix(" against TTL"))
        .point_size(xychart.XychartFieldConfigPointSize().fixed(9))
        .line_width(2)
        .mapping(SeriesMapping.AUTO)
        .series(
            [xychart.XYSeriesConfig().x(xychart.XychartXYSeriesConfigX().matcher(_ttl_field()))]
        )
        .legend(
            common.VizLegendOptions()
            .display_mode(looks.LegendDisplayMode.LIST)
            .placement(looks.LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs([])
        )
        .tooltip(common.VizTooltipOptions().mode(looks.TooltipDisplayMode.SINGLE))
        .with_transformation(_NUMBER)
        .with_transformation(_SORTED)
        .span(width)
        .height(height)
    )
    if log:
        scale = common.ScaleDistributionConfig().type(looks.ScaleDistribution.LOG).log(10)
        panel.scale_distribution(scale)
    elif whole:
        panel.min(0).max(1)
    else:
        # Without the second, an axis on which all is 0 reaches to 100.
        panel.min(0).axis_soft_max(0.05 if words.unit == "percentunit" else 1)
    # One thousandth of a second, because a logarithmic axis has no 0.
    shown = (*columns, ttl_now(0.001 if log else 0))
    for number, column in enumerate(shown):
        panel.with_target(instant_query(column.expr, number))
        panel.override_by_query(chr(ord("A") + number), _series_style(column))
    # This comes last because the overrides by query rename every field of a result, the axis too.
    return panel.override_by_name("ttl", _axis())


def table_by_ttl(words: Words, *columns: Column, width: int = 24, height: int = 9) -> table.Panel:
    """Return a table with a row for each TTL."""
    panel = (
        table.Panel()
        .title(words.title)
        .description(words.text)
        .datasource(DATASOURCE)
        .unit(words.unit)
        .no_value(words.empty)
        .with_transformation(_NUMBER)
        .with_transformation(
            DataTransformerConfig(id_val="joinByField", options={"byField": "ttl", "mode": "outer"})
        )
        .with_transformation(
            DataTransformerConfig(
                id_val="filterFieldsByName", options={"include": {"pattern": "^(ttl|Value.*)$"}}
            )
        )
        .with_transformation(_SORTED)
        .override_by_name(
            "ttl", [_display_name("TTL"), DynamicConfigValue(id_val="unit", value="s")]
        )
        .span(width)
        .height(height)
    )
    for number, column in enumerate(columns):
        panel.with_target(instant_query(column.expr, number))
        properties = [
            _display_name(column.name),
            # A cell without a value, where the panel's own words would be too many.
            DynamicConfigValue(id_val="noValue", value=UNKNOWN),
        ]
        if column.unit:
            properties.append(DynamicConfigValue(id_val="unit", value=column.unit))
        # Grafana gives the value field of each of several table queries such a name.
        panel.override_by_name(f"Value #{chr(ord('A') + number)}", properties)
    return panel


def _ttl_field() -> xychart.MatcherConfig:
    return xychart.MatcherConfig().id("byName").options("ttl")


def _axis() -> list[DynamicConfigValue]:
    return [
        _display_name("TTL"),
        # Ticks such as 1 min and 16.7 min would hide that each is ten times the one before.
        DynamicConfigValue(id_val="unit", value="suffix:s"),
        DynamicConfigValue(id_val="custom.axisLabel", value="TTL"),
        # Logarithmic, but for a place for 0, at which there is no cache.
        DynamicConfigValue(
            id_val="custom.scaleDistribution",
            value={"type": "symlog", "log": 10, "linearThreshold": 0.1},
        ),
    ]


def _series_style(column: Column) -> list[DynamicConfigValue]:
    return [
        _display_name(column.name),
        fixed_colour(column.name),
        DynamicConfigValue(id_val="custom.show", value=XYShowMode(column.drawn)),
        DynamicConfigValue(id_val="custom.pointShape", value=PointShape(column.shape)),
    ]


def _display_name(name: str) -> DynamicConfigValue:
    return DynamicConfigValue(id_val="displayName", value=name)
