"""Response times as a mixture of hits and misses, and closed loops (docs/theory.md F12, F13)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loadtests.theory import ttl

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClosedLoop:
    """Users who wait for each answer and then think.

    Attributes:
        users: Concurrent users.
        think_seconds: Mean pause after an answer.
        hit_seconds: Mean response time of a hit.
        miss_seconds: Mean response time of a miss.
    """

    users: int
    think_seconds: float
    hit_seconds: float
    miss_seconds: float


def mixture_quantile(hit_ratio: float, hits: Floats, misses: Floats, quantile: float) -> float:
    """Solve h F_hit(t) + (1 - h) F_miss(t) = q on samples (F12).

    Args:
        hit_ratio: h; it may differ from the share of hits among the samples.
        hits: Samples of hits in seconds, not empty.
        misses: Samples of misses in seconds, not empty.
        quantile: q between 0 and 1.
    """
    times = np.concatenate([hits, misses])
    weights = np.concatenate(
        [
            np.full(len(hits), hit_ratio / len(hits)),
            np.full(len(misses), (1 - hit_ratio) / len(misses)),
        ]
    )
    order = np.argsort(times, kind="stable")
    reached = np.cumsum(weights[order])
    position = int(np.searchsorted(reached, quantile - 1e-12))
    return float(times[order][min(position, len(times) - 1)])


def closed_loop_throughput(loop: ClosedLoop, shares: Floats, ttl_seconds: float) -> float:
    """Return lookups per second at the fixed point of Little's law (F13a).

    The formula does not hold for a think time of 0, because users who wait for misses are then
    correlated.

    Raises:
        ValueError: The think time is not above 0.
    """
    if loop.think_seconds <= 0:
        raise ValueError(f"think_seconds must be > 0, got {loop.think_seconds}")
    low, high = 0.0, loop.users / (loop.think_seconds + min(loop.hit_seconds, loop.miss_seconds))
    for _ in range(80):
        rate = (low + high) / 2
        hit = ttl.hit_ratio(shares * rate, ttl_seconds)
        response = hit * loop.hit_seconds + (1 - hit) * loop.miss_seconds
        demanded = rate * (loop.think_seconds + response)
        low, high = (rate, high) if demanded < loop.users else (low, rate)
    return (low + high) / 2
