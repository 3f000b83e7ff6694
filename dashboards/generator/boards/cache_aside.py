"""The main dashboard: what the cache does for answers and for the store right now."""

from grafana_foundation_sdk.builders import dashboard as build

from dashboards.generator.answers import LOW_HIT_RATIO, response_panels, story_panels
from dashboards.generator.frame import Page, Row, frame
from dashboards.generator.measures import (
    AMPLIFICATION,
    FIRING,
    HIT_RATIO,
    LOADS,
    LOOKUPS,
    PREDICTED,
    TTL,
)
from dashboards.generator.panels import Line, Panel, Words, headline
from dashboards.generator.promql import quantile, rate
from dashboards.generator.upkeep import (
    HIGH_AMPLIFICATION,
    freshness_panels,
    store_panels,
    trouble_panels,
)

PAGE = Page(
    uid="cache-aside",
    title="Cache-aside",
    text="What the cache does for the answers and for the store, right now.",
    since="15m",
)


def build_dashboard() -> build.Dashboard:
    """Return the dashboard."""
    return frame(
        PAGE,
        Row("Right now", [*_ratios(), *_rates(), *_state(), *story_panels()]),
        Row("How long answers take", response_panels()),
        Row("What they cost the store", store_panels()),
        Row("What fails", trouble_panels()),
        Row("How fresh answers are", freshness_panels()),
    )


def _ratios() -> list[Panel]:
    return [
        headline(
            Words(
                "Hit ratio",
                "Share of lookups that found an entry, of those that asked the cache. Higher is"
                " better; red where an alert fires.",
                "percentunit",
                "no reads",
            ),
            Line(HIT_RATIO, "measured"),
            decimals=1,
            bad_below=LOW_HIT_RATIO,
        ),
        headline(
            Words(
                "Predicted",
                "The hit ratio that theory expects of this TTL, popularity and rate, computed by"
                " the load generator before it looks. Far from the measured one means evictions,"
                " writes, a cold cache or a second load (such as the demo's): each generator knows"
                " its own rate alone, and the highest prediction of those that run stands here.",
                "percentunit",
                "unknown",
            ),
            Line(PREDICTED, "predicted"),
            decimals=1,
        ),
    ]


def _rates() -> list[Panel]:
    return [
        headline(
            Words("Lookups", "Lookups a second, all results.", "reqps"),
            Line(rate(LOOKUPS), "lookups"),
        ),
        headline(
            Words("Store loads", "Reads of the store a second. Lower is better.", "suffix:/s"),
            Line(LOADS, "loads"),
        ),
        headline(
            Words(
                "Amplification",
                "Loads for each entry that was filled: 1 is one load for each expiry, more is a"
                " stampede. Lower is better; red where an alert fires.",
                "short",
                "no fills",
            ),
            Line(AMPLIFICATION, "loads for each fill"),
            decimals=2,
            bad_from=[(1.5, "orange"), (HIGH_AMPLIFICATION, "red")],
        ),
        headline(
            Words(
                "Response p99",
                "99 of 100 answers came faster, counted from when they should have been asked for."
                " Lower is better.",
                "s",
                "no load",
            ),
            Line(quantile(0.99, "loadtest_response_seconds", 'result!="dropped"'), "p99"),
        ),
    ]


def _state() -> list[Panel]:
    return [
        headline(
            Words("TTL in force", "How long an entry lives.", "s", "no service"), Line(TTL, "TTL")
        ),
        headline(
            Words(
                "Alerts firing",
                "How many alerts fire now; the panel below names them. None is good.",
                "short",
                "none",
            ),
            Line(f"count ({FIRING})", "alerts"),
            bad_from=[(1, "red")],
        ),
    ]
