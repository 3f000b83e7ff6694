"""The main dashboard: what the cache does for answers and for the store right now."""

from grafana_foundation_sdk.builders import dashboard as build

from dashboards.generator.answers import response_panels, story_panels
from dashboards.generator.frame import Page, frame
from dashboards.generator.measures import (
    AMPLIFICATION,
    HIT_RATIO,
    LOADS,
    LOOKUPS,
    OFFLOAD_RATIO,
    PREDICTED,
    TTL,
)
from dashboards.generator.panels import Line, Panel, Words, headline
from dashboards.generator.promql import quantile, rate
from dashboards.generator.upkeep import freshness_panels, store_panels

PAGE = Page(
    uid="cache-aside",
    title="Cache-aside",
    text="What the cache does for the answers and for the store, right now.",
    since="15m",
    sources=("cacheaside_build_info", "loadtest_target_rate"),
)


def build_dashboard() -> build.Dashboard:
    """Return the dashboard."""
    board = frame(PAGE)
    headlines = [*_ratios(), *_rates()]
    rows = (headlines, story_panels(), response_panels(), store_panels(), freshness_panels())
    for row in rows:
        for panel in row:
            board.with_panel(panel)
    return board


def _ratios() -> list[Panel]:
    return [
        headline(
            Words(
                "Hit ratio",
                "Share of lookups that found an entry. Higher is better.",
                "percentunit",
            ),
            Line(HIT_RATIO, "measured"),
            decimals=1,
        ),
        headline(
            Words(
                "Predicted",
                "The hit ratio that theory expects of this TTL, popularity and rate, computed by"
                " the load generator before it looks. Far from the measured one means evictions,"
                " writes, a cold cache or a second load (such as the demo's): each generator knows"
                " its own rate alone, and the highest prediction stands here.",
                "percentunit",
            ),
            Line(PREDICTED, "predicted"),
            decimals=1,
        ),
        headline(
            Words(
                "Offload",
                "Share of lookups that cost the store nothing. Higher is better; above the hit"
                " ratio by what was coalesced.",
                "percentunit",
            ),
            Line(OFFLOAD_RATIO, "offload"),
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
            Words("Store loads", "Reads of the store a second. Lower is better.", "reqps"),
            Line(LOADS, "loads"),
        ),
        headline(
            Words(
                "Amplification",
                "Loads for each entry that was filled: 1 is one load for each expiry, more is a"
                " stampede. Lower is better.",
                "short",
            ),
            Line(AMPLIFICATION, "loads for each fill"),
            decimals=2,
        ),
        headline(
            Words(
                "Response p99",
                "99 of 100 answers came faster, counted from when they should have been asked for."
                " Lower is better.",
                "s",
            ),
            Line(quantile(0.99, "loadtest_response_seconds"), "p99"),
        ),
        headline(Words("TTL in force", "How long an entry lives.", "s"), Line(TTL, "TTL")),
    ]
