"""Panels about the cost of answers: store loads, stampedes, errors, and the age of answers."""

from dashboards.generator.colours import MISS_REASONS
from dashboards.generator.measures import (
    AMPLIFICATION,
    AVOIDED,
    ERROR_RATIO,
    HIT_RATIO,
    LOADS,
    LOOKUPS,
    TTL,
)
from dashboards.generator.panels import (
    MOST_QUANTILES,
    Line,
    Panel,
    Words,
    curves,
    latencies,
    states,
)
from dashboards.generator.promql import highest, quantile, rate, ratio, select
from dashboards.generator.styles import with_limit, with_stacked_lines

# Above them the alerts OriginAmplificationHigh and ErrorRatioHigh begin.
HIGH_AMPLIFICATION = 3
HIGH_ERROR_RATIO = 0.01


STALE_AGE = "cacheaside_shadow_stale_age_seconds"
SHADOW_READS = rate("cacheaside_shadow_reads_total")
RIGHT_SHARE = ratio(rate("cacheaside_shadow_reads_total", 'outcome="equal"'), SHADOW_READS)


def store_panels() -> list[Panel]:
    """Return what the store is asked, and by how much too often."""
    return [
        _misses_panel(),
        curves(
            Words(
                "Store loads and loads avoided",
                "Reads of the store a second, and lookups a second that needed none. The green"
                " line is what the cache saves; without it the orange one would be their sum.",
                "suffix:loads/s",
            ),
            Line(LOADS, "loads"),
            Line(AVOIDED, "avoided"),
            width=12,
        ),
        with_limit(
            curves(
                Words(
                    "Origin amplification",
                    "Loads for each entry that was filled. 1 is one load for each expiry; more is a"
                    " stampede, and single-flight or lease end it. Lower is better; above the red"
                    " line an alert fires.",
                    "short",
                ),
                Line(AMPLIFICATION, "loads for each fill"),
                lowest=1,
                width=12,
            ).axis_soft_max(HIGH_AMPLIFICATION + 0.2),
            HIGH_AMPLIFICATION,
        ),
        latencies(
            Words(
                "Lookup time in the service, p99 by result",
                "99 of 100 lookups took less inside the service. The gap to the response time is"
                " queueing and network. Lower is better.",
                "s",
            ),
            Line(
                quantile(0.99, "cacheaside_lookup_duration_seconds", by=("result",)), "{{result}}"
            ),
            width=12,
        ),
    ]


def _misses_panel() -> Panel:
    return with_stacked_lines(
        curves(
            Words(
                "Why lookups missed",
                "Loads for a lookup, a second, by why there was no entry. expired: a longer TTL"
                " would have kept it; evicted: gone before its end, so Redis needs more memory (or"
                " somebody deleted it); invalidated: its item was written; refused: Redis had not"
                " taken it; first: the first one since the process started or the cache was"
                " cleared. Each process knows the entries that it wrote.",
                "suffix:misses/s",
            ),
            *(
                Line(rate("cacheaside_misses_total", f'reason="{reason}"'), reason)
                for reason in MISS_REASONS
            ),
            width=12,
        )
    )


def trouble_panels() -> list[Panel]:
    """Return what fails and what protects itself."""
    return [
        curves(
            Words(
                "Errors",
                "Failures a second: exchanges with Redis, queries of the store, lookups without an"
                " answer, and calls by cause. None is good; without Redis lookups bypass it.",
                "suffix:errors/s",
            ),
            Line(rate("cacheaside_cache_errors_total"), "Redis"),
            Line(rate("cacheaside_store_queries_total", 'outcome="error"'), "store"),
            Line(rate(LOOKUPS, 'result="error"'), "no answer"),
            Line(
                f"{rate('cacheaside_failures_total', by=('cause',))} > 0",
                "{{cause}}",
            ),
            width=12,
        ),
        with_limit(
            curves(
                Words(
                    "Lookups without an answer",
                    "Their share of all lookups. 0 is right; above the red line an alert fires.",
                    "percentunit",
                ),
                Line(ERROR_RATIO, "no answer"),
                width=6,
            ),
            HIGH_ERROR_RATIO,
        ),
        states(
            Words(
                "Breakers",
                "Red while the service does not ask Redis or the store because it failed. Green is"
                " good.",
                "bool_on_off",
                "The service does not answer Prometheus",
            ),
            Line(highest("cacheaside_breaker_open", by=("dependency",)), "{{dependency}}"),
            ("green", "red"),
            width=6,
        ),
    ]


def _age(q: float) -> str:
    """Return a quantile of the ages of served entries, at most the longest life of an entry.

    The bucket of the oldest reaches beyond it, and so would the quantile.
    """
    ttl = f"max (max_over_time({select('cacheaside_ttl_seconds')}[$__rate_interval]))"
    stale = f"max_over_time({select('cacheaside_stale_seconds')}[$__rate_interval])"
    serves_stale = select("cacheaside_protection", 'mode="stale"')
    life = f"{ttl} + max ({stale} * on (job, instance) {serves_stale})"
    return f"clamp_max({quantile(q, 'cacheaside_entry_age_seconds')}, scalar({life}))"


def freshness_panels() -> list[Panel]:
    """Return how old answers are."""
    return [
        curves(
            Words(
                "Age of served entries",
                "How long ago a served entry was filled, where that is known (no jitter, no recent"
                " change of TTL);"
                " of those that shadow_ratio found not to be right, the mean. Lower is fresher; the"
                " TTL is the upper bound.",
                "s",
            ),
            Line(_age(0.5), "p50"),
            Line(_age(0.99), "p99"),
            Line(
                ratio(rate(f"{STALE_AGE}_sum"), rate(f"{STALE_AGE}_count")),
                "mean of those not right",
            ),
            Line(TTL, "TTL", dashed=True),
            width=10,
        ).max_data_points(MOST_QUANTILES),
        curves(
            Words(
                "Stale reads",
                "Answers a second that were older than an acknowledged write, as the load"
                " generator's oracle judges. 0 is right with invalidation by delete and fencing.",
                "suffix:reads/s",
            ),
            Line(rate("loadtest_stale_reads_total"), "stale reads"),
            width=6,
        ),
        curves(
            Words(
                "Hits that were also right",
                "The hit ratio, and the part of it that had the value of the store. The service"
                " reads the share shadow_ratio of its hits again, in the background. The gap is"
                " what the cache gives away in freshness.",
                "percentunit",
                "No hit is checked: turn the knob shadow_ratio above 0",
            ),
            Line(f"{HIT_RATIO} and on () {SHADOW_READS} > 0", "measured"),
            Line(f"{HIT_RATIO} * {RIGHT_SHARE}", "also right"),
        ),
    ]
