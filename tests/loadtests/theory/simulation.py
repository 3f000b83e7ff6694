"""One item simulated event by event, without any formula: the source of the golden numbers."""

import numpy as np


def poisson(draw, rate, until):
    """Yield the times of Poisson events at a rate until a time."""
    at = draw.exponential(1 / rate)
    while at < until:
        yield at
        at += draw.exponential(1 / rate)


def single_flight(draw, rate, ttl, fill, until, jitter=0.0):
    """Yield time and result of each read of one item whose concurrent misses share a load."""
    filled_at = ends_at = -np.inf
    for at in poisson(draw, rate, until):
        if at >= ends_at:
            filled_at = at + fill
            ends_at = filled_at + ttl * (1 + jitter * (2 * draw.random() - 1))
            yield at, "miss"
        else:
            yield at, "hit" if at >= filled_at else "coalesced"


def stale_while_revalidate(draw, rate, ttl, grace, fill, span):
    """Count fresh, stale, waiting and loading reads of one item in a window after a cold start."""
    opens, closes = span
    counts = dict.fromkeys(("hit", "stale", "coalesced", "miss"), 0)
    for at, result in stale_serving(draw, rate, ttl, grace, fill, closes):
        counts[result] += at >= opens
    return counts


def stale_serving(draw, rate, ttl, grace, fill, until):
    """Yield time and result of each read of one item that is refreshed while it is served."""
    written_at = lands_at = -np.inf
    for at in poisson(draw, rate, until):
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
        yield at, result


def in_batches(reads, window):
    """Count hits, stale ones among them, and reads in each batch of a window."""
    hits = np.zeros(window.batches, dtype=np.int64)
    lookups = np.zeros(window.batches, dtype=np.int64)
    for at, result in reads:
        batch = int((at - window.opens) // window.batch_seconds)
        if 0 <= batch < window.batches:
            lookups[batch] += 1
            hits[batch] += result in {"hit", "stale"}
    return hits, lookups


def paced(draw, shares, rate, ttl, fill, reads):
    """Count the results of evenly paced reads whose items are drawn by their shares."""
    counts = dict.fromkeys(("hit", "coalesced", "miss"), 0)
    filled_at = {}
    for number, item in enumerate(draw.choice(len(shares), reads, p=shares).tolist()):
        at, filled = number / rate, filled_at.get(item, -np.inf)
        if at >= filled + ttl:
            filled_at[item] = at + fill
            counts["miss"] += 1
        else:
            counts["hit" if at >= filled else "coalesced"] += 1
    return counts


def invalidating_writes(draw, rate, write_rate, ttl, fill, until, *, fenced=True):
    """Count the results of one item that writes delete; they also refuse the fill under way."""
    counts = dict.fromkeys(("hit", "coalesced", "miss"), 0)
    requests = [(at, "read") for at in poisson(draw, rate, until)]
    requests += [(at, "write") for at in poisson(draw, write_rate, until)]
    lands_at, ends_at = np.inf, -np.inf
    for at, kind in sorted(requests):
        if lands_at <= at:
            lands_at, ends_at = np.inf, lands_at + ttl
        if kind == "write":
            ends_at = -np.inf
            lands_at = np.inf if fenced else lands_at
        elif at < ends_at:
            counts["hit"] += 1
        elif lands_at < np.inf:
            counts["coalesced"] += 1
        else:
            counts["miss"] += 1
            lands_at = at + fill
    return counts


def expiring_alone(draw, rate, write_rate, ttl, fill, until, after):
    """Count reads of one item that writes do not delete: all, stale, older than a time; add lags.

    A load takes its value at its start, and a read is stale if a write came before the read began.
    """
    counts = dict.fromkeys(("reads", "stale", "lag", "older"), 0.0)
    writes = np.array([*poisson(draw, write_rate, until), np.inf])
    read_at = -np.inf
    for at, result in single_flight(draw, rate, ttl, fill, until):
        read_at = at if result == "miss" else read_at
        lag = max(0.0, at - writes[np.searchsorted(writes, read_at)])
        counts["reads"] += 1
        counts["stale"] += lag > 0
        counts["lag"] += lag
        counts["older"] += at - read_at > after
    return counts


def processes(draw, rate, ttl, fill, count, until):
    """Count the results of one item read through processes that each coalesce their own loads."""
    counts = dict.fromkeys(("hit", "coalesced", "miss"), 0)
    landings = {}
    ends_at = -np.inf
    for at in poisson(draw, rate, until):
        for process, lands_at in sorted(landings.items(), key=lambda each: each[1]):
            if lands_at <= at:
                ends_at = ends_at if lands_at < ends_at else lands_at + ttl
                del landings[process]
        process = int(draw.integers(count))
        if at < ends_at:
            counts["hit"] += 1
        elif process in landings:
            counts["coalesced"] += 1
        else:
            counts["miss"] += 1
            landings[process] = at + fill
    return counts


def waits_of_one_load(draw, rate, mean_fill):
    """Return the sum of the waits of a load of random time and of the reads that wait for it."""
    lands_at = draw.exponential(mean_fill)
    return lands_at + sum(lands_at - at for at in poisson(draw, rate, lands_at))


def near_tiers(draw, rate, ttl, near_seconds, count, until, write_rate=0.0):
    """Count reads of one item by who answers: a process' own copy, Redis or the store.

    Each process keeps what it read from Redis for some seconds, until the entry ends there or is
    written. Loads take no time.
    """
    counts = dict.fromkeys(("near", "hit", "miss"), 0)
    writes = iter([*poisson(draw, write_rate, until)] if write_rate else [])
    written_at = next(writes, np.inf)
    ends_at, copies = -np.inf, {}
    for at in poisson(draw, rate, until):
        while written_at <= at:
            ends_at, copies = -np.inf, {}
            written_at = next(writes, np.inf)
        process = int(draw.integers(count))
        if at >= ends_at:
            counts["miss"] += 1
            ends_at, copies = at + ttl, {}
        elif at < copies.get(process, -np.inf):
            counts["near"] += 1
        else:
            counts["hit"] += 1
            copies[process] = min(at + near_seconds, ends_at)
    return counts
