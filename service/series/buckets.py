"""The bounds of the histograms: eight a decade, so that a percentile is right to about a tenth.

Prometheus interpolates within a bucket. Each bound is a third above the one before it, so a
percentile is off by a third at worst and by some percent on average (docs/method.md). The bounds
have two digits, which keeps /metrics short.
"""

_DECADE = (10, 13, 18, 24, 32, 42, 56, 75)


def _bounds(least: int, most: int) -> tuple[float, ...]:
    """Return bounds from 10 to the power of *least* seconds to 10 to the power of *most*."""
    exact = (f"{digits}e{power - 1}" for power in range(least, most) for digits in _DECADE)
    return (*map(float, exact), 10.0**most)


# Redis is given up after a tenth of a second, or what REDIS_TIMEOUT_SECONDS says.
EXCHANGES = _bounds(-4, 0)
# A hit takes 0.2 to 0.5 ms, and the slowest answer about 10 s (the longest store delay). So slow
# an answer needs no finer figure than this.
DURATIONS = (*EXCHANGES, 1.8, 3.2, 5.6, 10.0)
# Ages are as long as TTLs, which are chosen from a fraction of a second to days.
AGES = _bounds(-1, 5)
