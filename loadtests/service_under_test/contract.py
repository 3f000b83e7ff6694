"""The service's seven results, and the ratios that are made of them."""

from collections.abc import Mapping

FOUND = ("hit", "stale", "negative")
"""Results of lookups that the cache answered."""

ASKED = (*FOUND, "miss", "coalesced")
"""Results of lookups that asked the cache."""

SERVICE_RESULTS = (*ASKED, "bypass", "error")


def found(counts: Mapping[str, int]) -> int:
    """Return how many lookups the cache answered."""
    return sum(counts.get(word, 0) for word in FOUND)


def asked(counts: Mapping[str, int]) -> int:
    """Return how many lookups asked the cache: all but bypassed and failed ones."""
    return sum(counts.get(word, 0) for word in ASKED)


def hit_ratio(counts: Mapping[str, int]) -> float | None:
    """Return the share of lookups answered by the cache; None when nothing asked it."""
    lookups = asked(counts)
    return found(counts) / lookups if lookups else None


def offload_ratio(counts: Mapping[str, int]) -> float | None:
    """Return the share of lookups that cost the store nothing; None when nothing asked."""
    lookups = asked(counts)
    return 1.0 - counts.get("miss", 0) / lookups if lookups else None
