"""When entries expire: TTL in Redis, soft expiry, jitter, age, early recompute. Pure."""

import math

from service.domain.knobs import Knobs, Protection


def physical_ttl_ms(knobs: Knobs, *, negative: bool, spread: float) -> int:
    """Return the TTL in Redis of an entry written now; 0 means that it is not written.

    Args:
        knobs: The knobs in force.
        negative: Whether the entry is a cached absence.
        spread: Position within the jitter, from -1 to 1, drawn uniformly.
    """
    if negative:
        return round(knobs.negative_ttl_seconds * 1000)
    seconds = knobs.ttl_seconds * (1 + knobs.ttl_jitter_ratio * spread)
    if knobs.protection is Protection.STALE:
        seconds += knobs.stale_seconds
    return max(1, round(seconds * 1000))


def longest_ttl_seconds(knobs: Knobs) -> float:
    """Return the longest TTL in Redis of an entry written under these knobs."""
    ttls = (physical_ttl_ms(knobs, negative=negative, spread=1.0) for negative in (False, True))
    return max(ttls) / 1000


def same_ttls(one: Knobs, other: Knobs) -> bool:
    """Return whether entries written under both have the same TTLs."""
    return _ttl_knobs(one) == _ttl_knobs(other)


def _ttl_knobs(knobs: Knobs) -> tuple[object, ...]:
    return (
        knobs.ttl_seconds,
        knobs.ttl_jitter_ratio,
        knobs.negative_ttl_seconds,
        knobs.protection,
        knobs.stale_seconds,
    )


def full_ttls_ms(knobs: Knobs) -> tuple[int, int]:
    """Return the TTL in Redis at the start of every entry of a fruit, and of every absence.

    It is -1 where no two entries need have the same, so that no remaining TTL tells an age.
    """
    fruit = -1 if knobs.ttl_jitter_ratio else physical_ttl_ms(knobs, negative=False, spread=0.0)
    return fruit, physical_ttl_ms(knobs, negative=True, spread=0.0)


def grace_ms(knobs: Knobs, *, negative: bool) -> int:
    """Return how long before its end in Redis an entry is stale; 0 when it never is."""
    if knobs.protection is not Protection.STALE or negative:
        return 0
    return round(knobs.stale_seconds * 1000)


def recomputes_early(
    remaining_ms: int, load_seconds: float | None, beta: float, draw: float
) -> bool:
    """Decide by XFetch whether a hit refreshes its entry before it expires.

    The rule is now - delta * beta * ln(u) >= expiry with u uniform in (0, 1] (Vattani,
    Chierichetti, Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015).

    Args:
        remaining_ms: Remaining TTL; negative when the entry has none.
        load_seconds: Delta, the duration of a load; None before a process' first load.
        beta: Eagerness; 1 is the paper's optimum.
        draw: Uniform from 0 (inclusive) to 1 (exclusive), as `random()` returns it.
    """
    if load_seconds is None or remaining_ms < 0:
        return False
    return -load_seconds * beta * math.log(1.0 - draw) >= remaining_ms / 1000
