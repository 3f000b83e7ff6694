"""The dashboard of the load generator: whether it sends the load that it was asked for."""

from grafana_foundation_sdk.builders import dashboard as build

from dashboards.generator.colours import RESULTS
from dashboards.generator.frame import Page, Row, frame
from dashboards.generator.measures import RESPONSES, SERVICE_TIMES
from dashboards.generator.panels import MOST_LINES, Line, Panel, Words, curves, headline, latencies
from dashboards.generator.promql import quantile, rate, ratio, recorded_quantile, select, total
from dashboards.generator.styles import with_limit, with_stacked_lines

PAGE = Page(
    uid="cache-aside-load",
    title="Cache-aside: load",
    text="Whether the load that was asked for is the load that was driven, and what it felt.",
    since="15m",
)

REQUESTS = "loadtest_requests_total"
TARGET = total("loadtest_target_rate")
ACHIEVED = rate("loadtest_sent_total")
ASKED_FOR = "loadtest_target_arrivals_total"
# Both are counted in the same moments, so that the share is right while the target moves. Rates
# look back: a load that has not run for so long has no share yet, because workers report its first
# requests late. It may follow another one at the same port, whose count it begins anew: 45 s are
# a rate's 20 s and the longest pause after which the former load is still seen.
_SHARE = f"clamp_max({ratio(ACHIEVED, rate(ASKED_FOR))}, 1)"
_BEFORE = f"sum ({select('loadtest_target_rate')} offset $__rate_interval)"
_NEW = f"sum (resets({select(ASKED_FOR)}[45s]))"
SHARE = f"{_SHARE} and on () {_BEFORE} > 0 unless on () {_NEW} > 0"
# This counter is there from the start; a result gets its own series only once it has occurred,
# and the rate of a series that is new is unknown.
DROPPED = rate("loadtest_dropped_total")
ANSWERED = tuple(word for word in RESULTS if word != "dropped")
IN_FLIGHT = total("loadtest_in_flight")
USERS = total("loadtest_users")
WORKERS = total("loadtest_workers")
RESPONSE = "loadtest_response_seconds"
SLIP = "loadtest_slip_seconds"

# Below it the alert LoadBelowTarget begins, but for the spread of Poisson arrivals.
LOW_SHARE = 0.95
GOOD_SLIP_SECONDS = 0.005
BAD_SLIP_SECONDS = 0.05


def build_dashboard() -> build.Dashboard:
    """Return the dashboard."""
    return frame(
        PAGE,
        Row("Right now", _headlines()),
        Row("Is it the load that was asked for?", _rates()),
        Row("How long answers take", _clocks()),
        Row("Who asks, and for what", _kinds()),
    )


def _headlines() -> list[Panel]:
    return [
        headline(
            Words("Target rate", "Arrivals a second that were asked for.", "reqps"),
            Line(TARGET, "target"),
        ),
        headline(
            Words(
                "Achieved rate",
                "Requests a second that were sent, without those of a closed loop, which has no"
                " target.",
                "reqps",
                "no load",
            ),
            Line(ACHIEVED, "achieved"),
        ),
        headline(
            Words(
                "Achieved share",
                "Achieved ÷ target. Below 95 % the generator or the service is saturated, and"
                " nothing that was measured says much. Unknown for the first seconds of a load.",
                "percentunit",
                "unknown",
            ),
            Line(SHARE, "achieved ÷ target"),
            decimals=1,
            bad_below=LOW_SHARE,
        ),
        headline(
            Words(
                "Dropped", "Arrivals a second that waited too long for a slot. 0 is right.", "reqps"
            ),
            Line(DROPPED, "dropped"),
            bad_from=[(1e-9, "red")],
        ),
        headline(
            Words("In flight", "Requests under way. Climbing means falling behind.", "short"),
            Line(IN_FLIGHT, "in flight"),
        ),
        headline(
            Words(
                "Slip p99",
                "How late requests leave. Below 5 ms is good, from 50 ms on the load is another"
                " one than was asked for.",
                "s",
                "no load",
            ),
            Line(quantile(0.99, SLIP), "slip"),
            bad_from=[(GOOD_SLIP_SECONDS, "orange"), (BAD_SLIP_SECONDS, "red")],
        ),
        headline(
            Words("Users", "Locust users; each is a stream of arrivals.", "short"),
            Line(USERS, "users"),
        ),
        headline(
            Words("Workers", "Worker processes; 0 when one process does it all.", "short"),
            Line(WORKERS, "workers"),
        ),
    ]


def _rates() -> list[Panel]:
    return [
        curves(
            Words(
                "Target, achieved and dropped rate",
                "The achieved line should lie on the dashed one, and nothing be dropped.",
                "reqps",
            ),
            Line(TARGET, "target", dashed=True),
            Line(ACHIEVED, "achieved"),
            Line(DROPPED, "dropped"),
        ),
        with_limit(
            curves(
                Words(
                    "Achieved share of the target",
                    "It should be near 100 %; with Poisson arrivals it strays by some percent. Far"
                    " below the red line for a minute, an alert fires.",
                    "percentunit",
                ),
                Line(SHARE, "achieved ÷ target"),
            ),
            LOW_SHARE,
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
            Line(WORKERS, "workers"),
        ),
    ]


def _clocks() -> list[Panel]:
    return [
        latencies(
            Words(
                "Response time against service time",
                "Response time (solid) counts from when a request should have been sent, service"
                " time (dashed) from when it was. Apart, the difference is time spent waiting to be"
                " sent: a tool with one clock would hide it.",
                "s",
            ),
            Line(recorded_quantile(0.5, RESPONSES), "response p50"),
            Line(recorded_quantile(0.5, SERVICE_TIMES), "service p50", dashed=True),
            Line(recorded_quantile(0.99, RESPONSES), "response p99"),
            Line(recorded_quantile(0.99, SERVICE_TIMES), "service p99", dashed=True),
            width=12,
        ),
        with_limit(
            latencies(
                Words(
                    "Slip",
                    "How much later than intended requests left the generator. Lower is better;"
                    " above the red line the generator is short of CPU or of slots.",
                    "s",
                ),
                Line(quantile(0.5, SLIP), "p50"),
                Line(quantile(0.99, SLIP), "p99"),
                width=12,
            ),
            GOOD_SLIP_SECONDS,
        ),
    ]


def _kinds() -> list[Panel]:
    sent = rate(REQUESTS, 'result!="dropped"', by=("instance",))
    return [
        with_stacked_lines(
            curves(
                Words(
                    "Requests by result",
                    "What the load generator was answered; the same words as in the service, and"
                    " failed (no valid answer) and dropped (never sent).",
                    "reqps",
                ),
                *(Line(rate(REQUESTS, f'result="{word}"'), word) for word in ANSWERED),
                Line(DROPPED, "dropped"),
                width=12,
                # Nine results need a line each.
                height=9,
            )
        ),
        curves(
            Words(
                "Requests by load generator",
                "Lookups a second of each, so that the load of a page, of the demo and of a sweep"
                " are told apart. Choose one above to see it alone.",
                "reqps",
            ),
            Line(
                f"topk ({MOST_LINES}, {sent})",
                "{{instance}}",
            ),
            width=12,
            height=9,
        ),
        *(_by_scenario(result) for result in ("hit", "miss")),
    ]


def _by_scenario(result: str) -> Panel:
    plural = {"hit": "hits", "miss": "misses"}[result]
    return latencies(
        Words(
            f"Response time p99 of {plural} by scenario",
            f"99 of 100 {plural} came faster, from the intended start. Lower is better.",
            "s",
        ),
        Line(quantile(0.99, RESPONSE, f'result="{result}"', by=("scenario",)), "{{scenario}}"),
        width=12,
    )
