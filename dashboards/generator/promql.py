"""Builders of PromQL, so that every panel selects, computes rates and divides in the same way.

Sums come before divisions and quantiles, because ratios and percentiles of single replicas must
not be averaged. A ratio whose denominator is 0 has no point, neither NaN nor 0.
"""

# The dashboard's variables; all match everything until the viewer selects a value. An exporter
# belongs to no replica and no load generator, so choosing one of those leaves its panels alone.
ANY = 'job=~"$job"'
REPLICA = f'{ANY}, instance=~"$replica"'
GENERATOR = f'{ANY}, instance=~"$generator"'
# Results that found an entry, and results that asked the cache: the hit ratio is FOUND / ASKED.
FOUND = 'result=~"hit|near|stale|negative"'
ASKED = 'result=~"hit|near|stale|negative|miss|coalesced"'
# Results of lookups that needed no load of their own.
SPARED = 'result=~"hit|near|stale|negative|coalesced"'


def scope(metric: str) -> str:
    """Return the matchers for the chosen instances of the program that *metric* comes from."""
    if "loadtest_" in metric:
        return GENERATOR
    if metric.startswith(("redis_", "mysql_")):
        return ANY
    return REPLICA


def select(metric: str, *matchers: str) -> str:
    """Return *metric* restricted to the chosen instances and to *matchers*."""
    return f"{metric}{{{', '.join((scope(metric), *matchers))}}}"


def aggregate(operator: str, inner: str, by: tuple[str, ...] = ()) -> str:
    """Return *inner* aggregated over all labels except those in *by*."""
    labels = f" by ({', '.join(by)})" if by else ""
    return f"{operator}{labels} ({inner})"


def rate(metric: str, *matchers: str, by: tuple[str, ...] = ()) -> str:
    """Return the growth of a counter per second, summed over replicas."""
    return aggregate("sum", f"rate({select(metric, *matchers)}[$__rate_interval])", by)


def highest(metric: str, *matchers: str, by: tuple[str, ...] = ()) -> str:
    """Return the largest value of a gauge that all replicas should agree on."""
    return aggregate("max", select(metric, *matchers), by)


def total(metric: str, *matchers: str, by: tuple[str, ...] = ()) -> str:
    """Return the sum of a gauge over replicas."""
    return aggregate("sum", select(metric, *matchers), by)


def ratio(part: str, whole: str) -> str:
    """Return part / whole, or no point where whole is 0."""
    return f"{part} / ({whole} > 0)"


def quantile(q: float, metric: str, *matchers: str, by: tuple[str, ...] = ()) -> str:
    """Return a quantile of a histogram in seconds, over all replicas together.

    Without observations histogram_quantile is NaN; NaN >= 0 is false, so there is no point.
    """
    buckets = rate(f"{metric}_bucket", *matchers, by=("le", *by))
    return f"histogram_quantile({q}, {buckets}) >= 0"


def recorded_quantile(q: float, record: str, by: tuple[str, ...] = ()) -> str:
    """Return a quantile of a histogram whose rates a rule has recorded, which costs far less."""
    rates = f"avg_over_time({select(record)}[$__interval])"
    return f"histogram_quantile({q}, {aggregate('sum', rates, ('le', *by))}) >= 0"


def running(metric: str) -> str:
    """Return a gauge of the load generators that have users now, without those that idle."""
    return f"({select(metric)} and on (job, instance) {select('loadtest_users')} > 0)"
