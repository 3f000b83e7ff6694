"""One item simulated event by event, without any formula: the source of the golden numbers."""

import numpy as np


def poisson(draw, rate, until):
    """Yield the times of Poisson events at a rate until a time."""
    at = draw.exponential(1 / rate)
    while at < until:
        yield at
        at += draw.exponential(1 / rate)


def stale_while_revalidate(draw, rate, ttl, grace, fill, span):
    """Count fresh, stale, waiting and loading reads of one item in a window after a cold start."""
    opens, closes = span
    counts = dict.fromkeys(("hit", "stale", "coalesced", "miss"), 0)
    written_at = lands_at = -np.inf
    for at in poisson(draw, rate, closes):
        if lands_at <= at:
            written_at = max(written_at, lands_at)
        loading = lands_at > at
        if at < written_at + ttl:
            result = "hit"
        elif at < written_at + ttl + grace:
            result = "stale"
            lands_at = lands_at if loading else at + fill
        else:
            result = "coalesced" if loading else "miss"
            lands_at = lands_at if loading else at + fill
        counts[result] += at >= opens
    return counts
