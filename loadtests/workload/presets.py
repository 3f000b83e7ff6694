"""Workloads of real production caches: request mix, skew and TTL, as published.

Facts taken from the table of March 2020 at https://github.com/twitter/cache-trace (CC BY 4.0) that
goes with J. Yang, Y. Yue, R. Vinayak, "A large scale analysis of hundreds of in-memory cache
clusters at Twitter", OSDI 2020. A preset has the cluster's Zipf exponent, its share of requests
that write, and its most common TTL (with the spread of its TTLs as jitter).
"""

from collections.abc import Mapping
from dataclasses import dataclass

SOURCE = "Yang et al., OSDI 2020; github.com/twitter/cache-trace, CC BY 4.0"


@dataclass(frozen=True)
class Preset:
    """The published figures of one cluster.

    Attributes:
        skew: Zipf exponent.
        write_ratio: Share of requests that are not reads.
        ttl_seconds: The most common TTL, or the middle of the range of TTLs.
        ttl_jitter_ratio: Half that range, relative to its middle.
    """

    skew: float
    write_ratio: float
    ttl_seconds: float
    ttl_jitter_ratio: float = 0.0


_HOUR = 3600.0
_DAY = 24 * _HOUR

PRESETS: Mapping[str, Preset] = {
    "twitter-cluster1": Preset(2.6774, 0.01, 240.0),
    "twitter-cluster4": Preset(1.1004, 0.07, 60.0),
    "twitter-cluster7": Preset(1.0666, 0.18, 1.8 * _HOUR, 0.11),
    "twitter-cluster16": Preset(1.7862, 0.05, _HOUR),
    "twitter-cluster19": Preset(0.735, 0.25, 7.05 * _HOUR, 0.07),
    "twitter-cluster25": Preset(0.9929, 0.04, 30 * _DAY),
    "twitter-cluster26": Preset(0.6299, 0.29, 60.0),
    "twitter-cluster29": Preset(1.2323, 0.13, _HOUR),
    "twitter-cluster50": Preset(1.2816, 0.48, 900.0),
}
