"""The TTL dashboard: the results of each TTL in the time range, beside theory."""

from grafana_foundation_sdk.builders import dashboard as build

from dashboards.generator.against_ttl import Column, against_ttl, as_ttl, table_by_ttl, ttls_seen
from dashboards.generator.frame import Page, Row, frame
from dashboards.generator.measures import HIT_RATIO, PREDICTED, TTL
from dashboards.generator.panels import Line, Panel, Words, curves
from dashboards.generator.promql import ASKED, FOUND, ratio, running, select
from dashboards.generator.styles import with_steps

PAGE = Page(
    uid="cache-aside-ttl",
    title="Cache-aside: TTL",
    text="What each TTL of the time range was worth, next to what theory expects.",
    since="1h",
)


def sum_over_range(record: str, *matchers: str) -> str:
    """Return a recorded rate summed over the time range, for each TTL."""
    return f"sum by (ttl) (sum_over_time({select(record, *matchers)}[$__range]))"


def average_while_in_force(record: str) -> str:
    """Return a recorded rate averaged over the time that each TTL was in force.

    Averaging over the time of each series would be wrong: a service that was restarted has two
    series, and their averages would add up.
    """
    return ratio(
        sum_over_range(record), "sum by (ttl) (count_over_time(cacheaside:steady_ttl[$__range]))"
    )


def last_in_range(metric: str) -> str:
    """Return the last value of each series in the time range, even if its program has ended."""
    return f"last_over_time({select(metric)}[$__range])"


def _theory() -> str:
    """Return the theory of the load generator that runs now, else of the last one that did."""
    metric = "loadtest_theory_hit_ratio"
    return f"{as_ttl(running(metric))} or {as_ttl(last_in_range(metric))}"


def _near_ttls_seen(curve: str) -> str:
    """Return the part of *curve* from 0.3 times the smallest TTL seen to 3 times the largest."""
    grid = " or ".join(f'label_replace(vector({ttl}), "ttl", "{ttl}", "", "")' for ttl in GRID)
    least = f"scalar(0.3 * min (min_over_time({ttls_seen()})))"
    most = f"scalar(3 * max (max_over_time({ttls_seen()})))"
    return f"({curve}) and on (ttl) (({grid}) >= {least} <= {most})"


def _quantile(q: float) -> str:
    record = select("ttl:loadtest_response_seconds_bucket:rate15s")
    buckets = f"sum by (le, ttl) (sum_over_time({record}[$__range]))"
    return f"histogram_quantile({q}, {buckets}) >= 0"


LOOKUPS = "ttl:cacheaside_lookups:rate15s"
MEASURED = ratio(sum_over_range(LOOKUPS, FOUND), sum_over_range(LOOKUPS, ASKED))
PREDICTED_THEN = (
    f"max by (ttl) (avg_over_time({select('ttl:loadtest_predicted_hit_ratio:max')}[$__range]))"
)
# The grid for which load generators export the theory.
GRID = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 3600)
THEORY = _near_ttls_seen(_theory())
TRIAL = as_ttl(last_in_range("loadtest_trial_hit_ratio"))
TRIAL_REPLAYED = as_ttl(last_in_range("loadtest_trial_replay_hit_ratio"))
TRIAL_PREDICTED = as_ttl(last_in_range("loadtest_trial_predicted_hit_ratio"))
LOADS = average_while_in_force("ttl:cacheaside_store_loads:rate15s")
LOOKUP_RATE = average_while_in_force(LOOKUPS)
STALE = ratio(
    sum_over_range("ttl:loadtest_stale_reads:rate15s"),
    sum_over_range("ttl:loadtest_requests:rate15s"),
)
AGE, STALENESS = (
    ratio(sum_over_range(f"ttl:{name}_sum:rate15s"), sum_over_range(f"ttl:{name}_count:rate15s"))
    for name in ("cacheaside_entry_age_seconds", "loadtest_staleness_seconds")
)

_STEADY = (
    "A point counts the seconds in which its TTL had been in force under load for 1.5 TTL (and 15"
    " s), so that no entry of an older TTL is left."
)


def build_dashboard() -> build.Dashboard:
    """Return the dashboard."""
    return frame(
        PAGE,
        Row("What each TTL was worth", [*_gains(), *_freshness()]),
        Row("In numbers", [_trials()]),
        Row("When it was in force", _over_time()),
    )


def _gains() -> list[Panel]:
    return [
        against_ttl(
            Words(
                "Hit ratio against TTL",
                "Higher is better; where the curve flattens a longer TTL buys little. Squares are"
                " predictions, and the curve is the theory of the load that runs now."
                f" {_STEADY}",
                "percentunit",
            ),
            Column(THEORY, "theory", "lines"),
            Column(MEASURED, "measured"),
            Column(PREDICTED_THEN, "predicted", shape="square"),
            Column(TRIAL, "sweep: measured"),
            Column(TRIAL_REPLAYED, "sweep: replay", shape="square"),
            Column(TRIAL_PREDICTED, "sweep: predicted", shape="square"),
            whole=True,
        ),
        against_ttl(
            Words(
                "Response time against TTL",
                f"Of all answers together, as users feel it. Lower is better. {_STEADY}",
                "s",
            ),
            Column(_quantile(0.5), "p50"),
            Column(_quantile(0.99), "p99"),
            log=True,
        ),
        against_ttl(
            Words(
                "Store load against TTL",
                f"Reads of the store a second, next to the lookups a second. Lower is better."
                f" {_STEADY}",
                "suffix:/s",
            ),
            Column(LOADS, "loads"),
            Column(LOOKUP_RATE, "lookups"),
            width=8,
        ),
    ]


def _freshness() -> list[Panel]:
    return [
        against_ttl(
            Words(
                "Stale reads against TTL",
                "Share of answers older than an acknowledged write. Lower is better; with"
                f" invalidation by delete it is 0 at every TTL. {_STEADY}",
                "percentunit",
            ),
            Column(STALE, "stale reads"),
            width=8,
        ),
        against_ttl(
            Words(
                "Age against TTL",
                "Mean age of served entries, and for how long a stale answer had been out of date."
                f" Lower is fresher. {_STEADY}",
                "s",
            ),
            Column(AGE, "age of entries"),
            Column(STALENESS, "staleness of stale reads"),
            width=8,
        ),
    ]


def _trials() -> Panel:
    return table_by_ttl(
        Words(
            "Trials",
            "A row for each TTL of the time range: what was seen while it was in force, and what a"
            " sweep (python -m loadtests sweep) measured.",
            "none",
            "No TTL has been in force under load for 1.5 TTL and 15 s yet. No load? Start one at"
            " http://127.0.0.1:8089",
        ),
        Column(MEASURED, "hit ratio", unit="percentunit"),
        Column(PREDICTED_THEN, "predicted", unit="percentunit"),
        Column(TRIAL, "sweep: hit ratio", unit="percentunit"),
        Column(TRIAL_REPLAYED, "sweep: replay", unit="percentunit"),
        Column(TRIAL_PREDICTED, "sweep: predicted", unit="percentunit"),
        Column(_quantile(0.5), "p50", unit="s"),
        Column(_quantile(0.99), "p99", unit="s"),
        Column(LOADS, "store loads", unit="suffix:loads/s"),
        Column(STALE, "stale reads", unit="percentunit"),
    )


def _over_time() -> list[Panel]:
    return [
        with_steps(
            curves(
                Words(
                    "TTL over time",
                    "Where in the time range each TTL was in force.",
                    "s",
                    "The service does not answer Prometheus",
                ),
                Line(TTL, "TTL"),
                width=12,
            )
        ),
        curves(
            Words(
                "Hit ratio over time",
                "After a change of TTL the measured line needs about one TTL to follow.",
                "percentunit",
            ),
            Line(HIT_RATIO, "measured"),
            Line(PREDICTED, "predicted", dashed=True),
            width=12,
        ),
    ]
