"""Panels about what users get: hit ratio, results, response times."""

from dashboards.generator.measures import HIT_RATIO, LOOKUPS, PREDICTED, TTL
from dashboards.generator.panels import (
    Line,
    Panel,
    Words,
    curves,
    with_dashed_line,
    with_result_colours,
    with_stacked_lines,
    with_steps,
)
from dashboards.generator.promql import quantile, rate


def story_panels() -> list[Panel]:
    """Return the overview row: hit ratio, results and TTL."""
    return [
        with_dashed_line(
            curves(
                Words(
                    "Hit ratio, measured and predicted",
                    "Higher is better. The dashed line is what theory expects; marks show when a"
                    " knob was turned. After a change the measured line needs about one TTL to"
                    " follow.",
                    "percentunit",
                ),
                Line(HIT_RATIO, "measured"),
                Line(PREDICTED, "predicted"),
                width=9,
                height=9,
            ).max(1),
            "predicted",
        ),
        with_result_colours(
            with_stacked_lines(
                curves(
                    Words(
                        "Lookups by result",
                        "Every lookup ends in one of seven results. Green costs the store nothing,"
                        " orange is a load, red has no answer.",
                        "reqps",
                    ),
                    Line(rate(LOOKUPS, by=("result",)), "{{result}}"),
                    width=9,
                    height=9,
                )
            )
        ),
        with_steps(
            curves(
                Words(
                    "TTL",
                    "The TTL in force: longer means more hits and older answers. 0 is no cache.",
                    "s",
                ),
                Line(TTL, "TTL"),
                width=6,
                height=9,
            )
        ),
    ]


def response_panels() -> list[Panel]:
    """Return one panel for each percentile of the response time."""
    return [
        with_result_colours(
            curves(
                Words(
                    f"Response time p{percent} by result",
                    f"{percent} of 100 answers came faster, counted by the load generator from when"
                    " they should have been asked for. Lower is better; hits and misses are apart"
                    " because a percentile of both is that of the slower kind.",
                    "s",
                ),
                Line(
                    quantile(percent / 100, "loadtest_response_seconds", by=("result",)),
                    "{{result}}",
                ),
            )
        )
        for percent in (50, 95, 99)
    ]
