"""Panels about the cost of answers: store loads, stampedes, errors, and the age of answers."""

from dashboards.generator.measures import AMPLIFICATION, AVOIDED, LOADS, LOOKUPS
from dashboards.generator.panels import Line, Panel, Words, curves, states, with_result_colours
from dashboards.generator.promql import highest, quantile, rate


def store_panels() -> list[Panel]:
    """Return the row about the store and failures."""
    return [
        curves(
            Words(
                "Store loads and loads avoided",
                "Reads of the store a second, and lookups a second that needed none. The second"
                " line is what the cache saves; without it the first would be the sum of both.",
                "reqps",
            ),
            Line(LOADS, "loads"),
            Line(AVOIDED, "avoided"),
            width=6,
        ),
        curves(
            Words(
                "Origin amplification",
                "Loads for each entry that was filled. 1 is one load for each expiry; more is a"
                " stampede, and single-flight or lease end it. Lower is better.",
                "short",
            ),
            Line(AMPLIFICATION, "loads for each fill"),
            width=6,
        ),
        curves(
            Words(
                "Errors",
                "Failures a second: exchanges with Redis, queries of the store, lookups without an"
                " answer. None is good; with Redis away lookups go on as bypass.",
                "reqps",
            ),
            Line(rate("cacheaside_cache_errors_total"), "Redis"),
            Line(rate("cacheaside_store_queries_total", 'outcome="error"'), "store"),
            Line(rate(LOOKUPS, 'result="error"'), "lookups without an answer"),
            width=6,
        ),
        states(
            Words(
                "Breakers",
                "Red while the service does not ask Redis or the store because it failed. Green is"
                " good.",
                "bool_on_off",
            ),
            Line(highest("cacheaside_breaker_open", by=("dependency",)), "{{dependency}}"),
            width=6,
        ),
    ]


def freshness_panels() -> list[Panel]:
    """Return the row about the age of answers."""
    age = "cacheaside_entry_age_seconds"
    return [
        curves(
            Words(
                "Age of served entries",
                "How long ago a served entry was filled, where that is known (no jitter, no recent"
                " change of TTL). Lower is fresher; the TTL is the upper bound.",
                "s",
            ),
            Line(quantile(0.5, age), "p50"),
            Line(quantile(0.99, age), "p99"),
        ),
        curves(
            Words(
                "Stale reads",
                "Answers a second that were older than an acknowledged write, as the load"
                " generator's oracle judges. 0 is right with invalidation by delete and fencing.",
                "reqps",
            ),
            Line(rate("loadtest_stale_reads_total"), "stale reads"),
        ),
        with_result_colours(
            curves(
                Words(
                    "Lookup time in the service, p99 by result",
                    "99 of 100 lookups took less inside the service. The gap to the response time"
                    " is queueing and network. Lower is better.",
                    "s",
                ),
                Line(
                    quantile(0.99, "cacheaside_lookup_duration_seconds", by=("result",)),
                    "{{result}}",
                ),
            )
        ),
    ]
