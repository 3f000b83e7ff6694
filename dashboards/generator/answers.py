"""Panels about what users get: hit ratio, results, response times."""

from dashboards.generator.colours import RESULTS
from dashboards.generator.measures import FIRING, HIT_RATIO, LOOKUPS, PREDICTED, RESPONSES, TTL
from dashboards.generator.panels import Line, Panel, Words, curves, latencies, states
from dashboards.generator.promql import rate, recorded_quantile
from dashboards.generator.styles import with_limit, with_stacked_lines, with_steps

# Below it the alert HitRatioLow begins.
LOW_HIT_RATIO = 0.5
# The load generator knows two more, of requests that had no valid answer or were never sent.
LOOKUP_RESULTS = tuple(word for word in RESULTS if word not in {"failed", "dropped"})


def story_panels() -> list[Panel | tuple[Panel, ...]]:
    """Return the overview: hit ratio, results, TTL and alerts."""
    return [
        with_limit(
            curves(
                Words(
                    "Hit ratio, measured and predicted",
                    "Higher is better. The dashed line is what theory expects of the load that runs"
                    " now; marks show when a knob was turned. After a change the measured line"
                    " needs about one TTL to follow. Below the red line an alert fires.",
                    "percentunit",
                ),
                Line(HIT_RATIO, "measured"),
                Line(PREDICTED, "predicted", dashed=True),
                width=9,
                height=8,
            ),
            LOW_HIT_RATIO,
        ),
        with_stacked_lines(
            curves(
                Words(
                    "Lookups by result",
                    "Every lookup ends in one of eight results. At the bottom is what the cache"
                    " answered; orange is a load of the store, dark red has no answer.",
                    "reqps",
                ),
                *(Line(rate(LOOKUPS, f'result="{word}"'), word) for word in LOOKUP_RESULTS),
                width=9,
                height=8,
            )
        ),
        (_ttl_panel(), _alerts_panel()),
    ]


def _ttl_panel() -> Panel:
    return with_steps(
        curves(
            Words(
                "TTL",
                "The TTL in force: longer means more hits and older answers. 0 is no cache.",
                "s",
                "The service does not answer Prometheus",
            ),
            Line(TTL, "TTL"),
            width=6,
            height=4,
        )
    )


def _alerts_panel() -> Panel:
    return states(
        Words(
            "Alerts that fired",
            "Each band is an alert of dashboards/prometheus/rules.yml while it fired. None is"
            " good.",
            "bool_on_off",
            "No alert fired in this time range",
        ),
        Line(f"max by (alertname) ({FIRING})", "{{alertname}}"),
        ("transparent", "red"),
        width=6,
        height=4,
    )


def response_panels() -> list[Panel]:
    """Return one panel for each percentile of the response time."""
    return [
        latencies(
            Words(
                f"Response time p{percent} by result",
                f"{percent} of 100 answers came faster, counted by the load generator from when"
                " they should have been asked for. Lower is better; hits and misses are apart"
                " because a percentile of both is that of the slower kind.",
                "s",
            ),
            Line(
                recorded_quantile(percent / 100, RESPONSES, by=("result",)),
                "{{result}}",
            ),
        )
        for percent in (50, 95, 99)
    ]
