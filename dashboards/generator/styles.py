"""What some panels of lines over time have beside the common style."""

from grafana_foundation_sdk.builders import common, timeseries
from grafana_foundation_sdk.models import common as looks

from dashboards.generator.panels import thresholds


def with_stacked_lines(panel: timeseries.Panel) -> timeseries.Panel:
    """Return the panel with its lines stacked in the order of its queries.

    They are areas without a line, because one of 0 would lie on top of all others.
    """
    return (
        panel.fill_opacity(70)
        .line_width(0)
        .stacking(common.StackingConfig().mode(looks.StackingMode.NORMAL).group("A"))
    )


def with_steps(panel: timeseries.Panel) -> timeseries.Panel:
    """Return the panel with step lines, for a setting that holds until it is changed."""
    return panel.line_interpolation(looks.LineInterpolation.STEP_AFTER)


def with_limit(panel: timeseries.Panel, limit: float) -> timeseries.Panel:
    """Return the panel with a dashed red line at *limit*, where an alert or trouble begins."""
    return panel.thresholds(thresholds((limit, "red"))).thresholds_style(
        common.GraphThresholdsStyleConfig().mode(looks.GraphThresholdsStyleMode.DASHED)
    )
