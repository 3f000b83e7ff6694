"""Builders of PromQL, so that every panel selects, computes rates and divides in the same way.

Sums come before divisions and quantiles, because ratios and percentiles of single replicas must
not be averaged. A ratio whose denominator is 0 has no point, neither NaN nor 0.
"""

# The dashboard's variables; both match everything until the viewer selects a value.
SCOPE = 'job=~"$job", instance=~"$instance"'
# Results that found an entry, and results that asked the cache: the hit ratio is FOUND / ASKED.
FOUND = 'result=~"hit|stale|negative"'
ASKED = 'result=~"hit|stale|negative|miss|coalesced"'
# Results of lookups that needed no load of their own.
SPARED = 'result=~"hit|stale|negative|coalesced"'


def select(metric: str, *matchers: str) -> str:
    """Return *metric* restricted to the selected job and instance and to *matchers*."""
    return f"{metric}{{{', '.join((SCOPE, *matchers))}}}"


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


def mean(metric: str, *matchers: str, by: tuple[str, ...] = ()) -> str:
    """Return the mean of a histogram or summary."""
    parts = (rate(f"{metric}_{part}", *matchers, by=by) for part in ("sum", "count"))
    return ratio(*parts)
