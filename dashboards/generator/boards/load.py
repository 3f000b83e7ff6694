"""The dashboard of the load generator: whether it sends the load that it was asked for."""

from grafana_foundation_sdk.builders import dashboard as build

from dashboards.generator.frame import Page, frame
from dashboards.generator.panels import (
    Line,
    Panel,
    Words,
    curves,
    headline,
    with_dashed_line,
    with_result_colours,
    with_stacked_lines,
)
from dashboards.generator.promql import quantile, rate, ratio, total

PAGE = Page(
    uid="cache-aside-load",
    title="Cache-aside: load",
    text="Whether the load that was asked for is the load that was driven, and what it felt.",
    since="15m",
    sources=("loadtest_target_rate", "cacheaside_build_info"),
)

REQUESTS = "loadtest_requests_total"
TARGET = total("loadtest_target_rate")
# Dropped arrivals were never sent. Writes are not lookups, so the service's count of writes is
# added where it is known.
_LOOKUPS = rate(REQUESTS, 'result!="dropped"')
_WRITES = rate("cacheaside_http_requests_total", 'route="/fruit/<id>", method=~"PUT|DELETE"')
ACHIEVED = f"(({_LOOKUPS} + {_WRITES}) or {_LOOKUPS})"
DROPPED = rate("loadtest_dropped_total")
IN_FLIGHT = total("loadtest_in_flight")
USERS = total("loadtest_users")
RESPONSE = "loadtest_response_seconds"
SERVICE = "loadtest_service_seconds"
SLIP = "loadtest_slip_seconds"


def build_dashboard() -> build.Dashboard:
    """Return the dashboard."""
    board = frame(PAGE)
    for panel in (*_headlines(), *_rates(), *_clocks(), *_rows()):
        board.with_panel(panel)
    return board


def _headlines() -> list[Panel]:
    return [
        headline(
            Words("Target rate", "Arrivals a second that were asked for.", "reqps"),
            Line(TARGET, "target"),
        ),
        headline(
            Words("Achieved rate", "Requests a second that were done.", "reqps"),
            Line(ACHIEVED, "achieved"),
        ),
        headline(
            Words(
                "Achieved share",
                "Achieved ÷ target. Below 95 % the generator or the service is saturated, and"
                " nothing that was measured says much.",
                "percentunit",
            ),
            Line(ratio(ACHIEVED, TARGET), "achieved ÷ target"),
            decimals=1,
        ),
        headline(
            Words(
                "Dropped", "Arrivals a second that waited too long for a slot. 0 is right.", "reqps"
            ),
            Line(DROPPED, "dropped"),
        ),
        headline(
            Words("In flight", "Requests under way. Climbing means falling behind.", "short"),
            Line(IN_FLIGHT, "in flight"),
        ),
        headline(
            Words("Slip p99", "How late requests leave. Below 5 ms is good.", "s"),
            Line(quantile(0.99, SLIP), "p99"),
        ),
        headline(
            Words("Users", "Locust users; each is a stream of arrivals.", "short"),
            Line(USERS, "users"),
        ),
        headline(
            Words("Workers", "Worker processes; 0 when one process does it all.", "short"),
            Line(total("loadtest_workers"), "workers"),
        ),
    ]


def _rates() -> list[Panel]:
    return [
        with_dashed_line(
            curves(
                Words(
                    "Target, achieved and dropped rate",
                    "The achieved line should lie on the dashed one, and nothing be dropped.",
                    "reqps",
                ),
                Line(TARGET, "target"),
                Line(ACHIEVED, "achieved"),
                Line(DROPPED, "dropped"),
                width=12,
            ),
            "target",
        ),
        curves(
            Words(
                "In flight, users and workers",
                "Requests under way, beside who sends them. A climbing line means answers do not"
                " keep up with arrivals.",
                "short",
            ),
            Line(IN_FLIGHT, "in flight"),
            Line(USERS, "users"),
            Line(total("loadtest_workers"), "workers"),
            width=12,
        ),
    ]


def _clocks() -> list[Panel]:
    return [
        curves(
            Words(
                "Response time against service time",
                "Response time counts from when a request should have been sent, service time from"
                " when it was. Apart, the difference is time spent waiting to be sent: a tool with"
                " one clock would hide it.",
                "s",
            ),
            Line(quantile(0.5, RESPONSE), "response p50"),
            Line(quantile(0.5, SERVICE), "service p50"),
            Line(quantile(0.99, RESPONSE), "response p99"),
            Line(quantile(0.99, SERVICE), "service p99"),
            width=12,
        ),
        curves(
            Words(
                "Slip",
                "How much later than intended requests left the generator. Lower is better; high"
                " means the generator is short of CPU or of slots.",
                "s",
            ),
            Line(quantile(0.5, SLIP), "p50"),
            Line(quantile(0.99, SLIP), "p99"),
            width=12,
        ),
    ]


def _rows() -> list[Panel]:
    row = ("scenario", "result")
    return [
        curves(
            Words(
                "Response time p99 by scenario and result",
                "99 of 100 came faster, from the intended start. Lower is better.",
                "s",
            ),
            Line(quantile(0.99, RESPONSE, by=row), "{{scenario}} {{result}}"),
        ),
        curves(
            Words(
                "Service time p99 by scenario and result",
                "99 of 100 came faster, from when the request was sent. Lower is better.",
                "s",
            ),
            Line(quantile(0.99, SERVICE, by=row), "{{scenario}} {{result}}"),
        ),
        with_result_colours(
            with_stacked_lines(
                curves(
                    Words(
                        "Requests by result",
                        "What the load generator was answered; the same words as in the service.",
                        "reqps",
                    ),
                    Line(rate(REQUESTS, by=("result",)), "{{result}}"),
                )
            )
        ),
    ]
