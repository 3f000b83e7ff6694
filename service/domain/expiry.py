"""When entries end: physical and soft life, jitter, age, early recompute. Pure."""

import math

from service.domain.knobs import Knobs, Protection


def physical_ttl_ms(knobs: Knobs, *, negative: bool, spread: float) -> int:
    """Give the life in Redis of an entry written now; 0 means that it is not written.

    Args:
        knobs: The knobs in force.
        negative: Whether the entry is a cached absence.
        spread: A uniform draw from -1 to 1, the place within the jitter.
    """
    if negative:
        return round(knobs.negative_ttl_seconds * 1000)
    seconds = knobs.ttl_seconds * (1 + knobs.ttl_jitter_ratio * spread)
    if knobs.protection is Protection.STALE:
        seconds += knobs.stale_seconds
    return max(1, round(seconds * 1000))


def longest_life_seconds(knobs: Knobs) -> float:
    """Give the longest life in Redis that an entry written under these knobs can have."""
    lives = (physical_ttl_ms(knobs, negative=negative, spread=1.0) for negative in (False, True))
    return max(lives) / 1000


def same_lives(one: Knobs, other: Knobs) -> bool:
    """Tell whether entries written under both live equally long."""
    return _life(one) == _life(other)


def _life(knobs: Knobs) -> tuple[object, ...]:
    return (
        knobs.ttl_seconds,
        knobs.ttl_jitter_ratio,
        knobs.negative_ttl_seconds,
        knobs.protection,
        knobs.stale_seconds,
    )


def age_seconds(knobs: Knobs, remaining_ms: int, *, negative: bool) -> float | None:
    """Compute an entry's age from the life that is left.

    Right only while every entry was written under these knobs, which the caller knows;
    None when the entry cannot have been, or when jitter hides how long it was to live.
    """
    if remaining_ms < 0 or (knobs.ttl_jitter_ratio and not negative):
        return None
    life = physical_ttl_ms(knobs, negative=negative, spread=0.0)
    return (life - remaining_ms) / 1000 if remaining_ms <= life else None


def grace_ms(knobs: Knobs, *, negative: bool) -> int:
    """Give how much of an entry's remaining life is past its soft expiry."""
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
        remaining_ms: Life left; negative when there is none that ends.
        load_seconds: Delta, what a load takes; None before the first load of a process.
        beta: Eagerness; 1 is the paper's optimum.
        draw: Uniform from 0 (inclusive) to 1 (exclusive), as `random()` gives.
    """
    if load_seconds is None or remaining_ms < 0:
        return False
    return -load_seconds * beta * math.log(1.0 - draw) >= remaining_ms / 1000
