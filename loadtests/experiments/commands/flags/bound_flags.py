"""The flags that say what is asked of the cache and what it costs."""

import argparse
from collections.abc import Mapping

from loadtests.experiments.commands.usage import UsageError
from loadtests.experiments.recommendation.bounds import Wanted
from loadtests.experiments.recommendation.cost import Prices
from loadtests.workload.flags import Flag

_WANTED: Mapping[str, tuple[Flag, str]] = {
    "max_stale_seconds": (
        Flag("max-stale-seconds", 1.0, "", 0, 1e9, "seconds"),
        "Highest age of an answer in the worst case, without invalidation",
    ),
    "min_hit_ratio": (Flag("min-hit-ratio", 0.9, "", 0, 1), "Lowest hit ratio"),
    "max_p99_ms": (
        Flag("max-p99-ms", 20.0, "", 0.001, 1e7, "ms"),
        "Highest p99 of all lookups; from a sweep, or by --times-from",
    ),
    "max_store_rate": (
        Flag("max-store-rate", 50.0, "", 0, 1e9, "per second"),
        "Most reads of the store",
    ),
    "max_memory_mb": (
        Flag("max-memory-mb", 100.0, "", 0.001, 1e9, "MB"),
        "Most memory of entries; needs --entry-bytes unless a log has sizes",
    ),
}
_KNOWN: Mapping[str, tuple[Flag, str]] = {
    "entry_bytes": (
        Flag("entry-bytes", 100.0, "", 1, 1e12, "bytes"),
        "Size of an entry in memory, key and overhead included",
    ),
    "memory_price": (Flag("memory-price", 0.01, "", 0, 1e9), "Price of a GB of memory for an hour"),
    "store_read_price": (
        Flag("store-read-price", 0.2, "", 0, 1e9),
        "Price of a million reads of the store",
    ),
    "fill_ms": (
        Flag("fill-ms", 5.0, "", 0, 1e7, "ms"),
        "Time of a fill, for a workload in flags (default 5)",
    ),
}


def add_bound_flags(parser: argparse.ArgumentParser) -> None:
    """Declare the bounds, the prices and the sizes."""
    _add(
        parser.add_argument_group("bounds", "At least one, or prices; every one must be kept."),
        _WANTED,
    )
    _add(parser.add_argument_group("costs and sizes"), _KNOWN)


def wanted(options: argparse.Namespace, *, priced: bool) -> Wanted:
    """Return what is asked of the cache.

    Args:
        options: The command line.
        priced: Whether there are prices, which alone ask for the cheapest TTL.

    Raises:
        UsageError: Nothing is.
    """
    given = {name: getattr(options, name) for name in _WANTED}
    if not priced and all(value is None for value in given.values()):
        flags = ", ".join(f"--{flag.name}" for flag, _ in _WANTED.values())
        raise UsageError(f"nothing is asked of the cache; give one or more of {flags}, or prices")
    memory = options.max_memory_mb
    return Wanted(
        options.max_stale_seconds,
        options.min_hit_ratio,
        options.max_p99_ms,
        options.max_store_rate,
        None if memory is None else memory * 1e6,
    )


def prices(options: argparse.Namespace) -> Prices | None:
    """Return the prices; None without any.

    Raises:
        UsageError: One of the two is missing.
    """
    given = options.memory_price, options.store_read_price
    if given == (None, None):
        return None
    if None in given:
        raise UsageError(
            "a cost needs both prices; give --memory-price and --store-read-price, 0 for what is"
            " free"
        )
    return Prices(*given)


def _add(group: argparse._ArgumentGroup, flags: Mapping[str, tuple[Flag, str]]) -> None:
    for flag, text in flags.values():
        group.add_argument(
            f"--{flag.name}", type=flag.parse, metavar=(flag.unit or "number").upper(), help=text
        )
