"""PromQL from small parts, so that every panel selects, rates and divides in the same way.

Sums come before divisions and quantiles (percentiles and ratios of single replicas are never
averaged), and a ratio of nothing is no point at all, not NaN and not 0.
"""

# The dashboard's variables; both match everything until somebody chooses.
SCOPE = 'job=~"$job", instance=~"$instance"'
# Results that found an entry, and all that asked the cache: numerator, denominator of hit ratio.
FOUND = 'result=~"hit|stale|negative"'
ASKED = 'result=~"hit|stale|negative|miss|coalesced"'
# Lookups that were answered without a load of their own.
SPARED = 'result=~"hit|stale|negative|coalesced"'


def select(metric: str, *matchers: str) -> str:
    """Return *metric* restricted to the chosen job and instance, and by *matchers*."""
    return f"{metric}{{{', '.join((SCOPE, *matchers))}}}"


def grouped(operator: str, inner: str, by: tuple[str, ...] = ()) -> str:
    """Return *inner* aggregated over everything but the labels in *by*."""
    labels = f" by ({', '.join(by)})" if by else ""
    return f"{operator}{labels} ({inner})"


def rate(metric: str, *matchers: str, by: tuple[str, ...] = ()) -> str:
    """Return how much a counter grows per second, summed over replicas."""
    return grouped("sum", f"rate({select(metric, *matchers)}[$__rate_interval])", by)


def highest(metric: str, *matchers: str, by: tuple[str, ...] = ()) -> str:
    """Return the largest value of a gauge that all replicas should agree on."""
    return grouped("max", select(metric, *matchers), by)


def total(metric: str, *matchers: str, by: tuple[str, ...] = ()) -> str:
    """Return the sum of a gauge over replicas."""
    return grouped("sum", select(metric, *matchers), by)


def ratio(part: str, whole: str) -> str:
    """Return part/whole where there is a whole, and nothing where there is none."""
    return f"{part} / ({whole} > 0)"


def quantile(q: float, metric: str, *matchers: str, by: tuple[str, ...] = ()) -> str:
    """Return a quantile of a histogram in seconds, over all replicas together.

    Without observations histogram_quantile is NaN, and NaN >= 0 is false: no point.
    """
    buckets = rate(f"{metric}_bucket", *matchers, by=("le", *by))
    return f"histogram_quantile({q}, {buckets}) >= 0"


def mean(metric: str, *matchers: str, by: tuple[str, ...] = ()) -> str:
    """Return the mean of a histogram or summary."""
    parts = (rate(f"{metric}_{part}", *matchers, by=by) for part in ("sum", "count"))
    return ratio(*parts)
