"""What the load generator must know of the service: its results, its knobs, its ratios."""

from collections.abc import Mapping
from typing import TypeGuard

HIT_RESULTS = ("hit", "near", "stale", "negative")
"""Results of lookups that the cache answered."""

CACHE_RESULTS = (*HIT_RESULTS, "miss", "coalesced")
"""Results of lookups that reached the cache."""

SERVICE_RESULTS = (*CACHE_RESULTS, "bypass", "error")

OUTSIDE_RESULTS = ("bypass", "error")
"""Results of lookups that got no answer from the cache, hit or miss."""

UNKNOWN_RESULT = "unknown"
"""The result of an answer that does not say whether it came from a cache. Our service always says;
a service of one's own (`target/`) may not."""

MOST_OUTSIDE_RATIO = 0.001
"""Up to this share of lookups outside the cache the hit ratio of the others stands for all."""

RECORDED_RESULTS = (
    *("hit", "stale", "negative", "miss", "coalesced", "bypass", "error", "failed", "dropped"),
    *("near", UNKNOWN_RESULT),
)
"""The results in samples on disk, which hold an index of these: a new word stands at the end.

"failed": no valid answer; "dropped": waited too long to be sent.
"""

Knob = float | int | str
"""The value of a run-time knob."""

NUMBER_KNOBS = (
    *("ttl_seconds", "ttl_jitter_ratio", "negative_ttl_seconds", "stale_seconds", "early_beta"),
    *("shadow_ratio", "near_seconds", "near_entries", "store_delay_seconds"),
)
"""Knobs whose values are numbers; those of the others are words."""

LARGEST_KNOB = 1e9


def are_knobs(found: object) -> TypeGuard[dict[str, Knob]]:
    """Return whether something that a service answered can be its knobs."""
    if not isinstance(found, dict) or NUMBER_KNOBS[0] not in found:
        return False
    numbers = [value for name, value in found.items() if name in NUMBER_KNOBS]
    words = [value for name, value in found.items() if name not in NUMBER_KNOBS]
    return all(isinstance(each, str) for each in words) and all(
        type(each) in {int, float} and 0 <= each <= LARGEST_KNOB for each in numbers
    )


def count_hits(counts: Mapping[str, int]) -> int:
    """Return how many lookups the cache answered."""
    return sum(counts.get(result, 0) for result in HIT_RESULTS)


def count_cache_lookups(counts: Mapping[str, int]) -> int:
    """Return how many lookups reached the cache: all but bypassed and failed ones."""
    return sum(counts.get(result, 0) for result in CACHE_RESULTS)


def outside_ratio(counts: Mapping[str, int]) -> float | None:
    """Return the share of lookups that bypassed the cache or failed; None without any lookup."""
    outside = sum(counts.get(result, 0) for result in OUTSIDE_RESULTS)
    lookups = outside + count_cache_lookups(counts)
    return outside / lookups if lookups else None


def hit_ratio(counts: Mapping[str, int]) -> float | None:
    """Return the share of lookups answered by the cache; None without any lookup.

    None also if too many answers did not say where they came from: those may have been hits.
    """
    lookups = count_cache_lookups(counts)
    return count_hits(counts) / lookups if lookups and says_enough(counts) else None


def near_ratio(counts: Mapping[str, float]) -> float | None:
    """Return the share of lookups that never reached Redis; None without any lookup."""
    lookups = sum(counts.get(result, 0) for result in CACHE_RESULTS)
    return counts.get("near", 0) / lookups if lookups else None


def offload_ratio(counts: Mapping[str, int]) -> float | None:
    """Return the share of lookups that cost the store nothing; None without any lookup."""
    lookups = count_cache_lookups(counts)
    return 1.0 - counts.get("miss", 0) / lookups if lookups and says_enough(counts) else None


def says_enough(counts: Mapping[str, int]) -> bool:
    """Return whether all answers, but for a few, say whether they came from the cache."""
    unknown = counts.get(UNKNOWN_RESULT, 0)
    return unknown <= MOST_OUTSIDE_RATIO * (unknown + count_cache_lookups(counts))
