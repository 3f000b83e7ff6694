"""The hit ratio under a Redis whose memory does not hold all live entries (docs/theory.md F7)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from loadtests.prediction.key_rates import Reads
from loadtests.service_under_test.contract import Knob
from loadtests.theory import memory, ttl
from loadtests.theory.ttl import Floats

LRU_POLICIES = ("allkeys-lru", "volatile-lru")
"""Every entry has a TTL, so that both evict the same."""

_DEVIATIONS = 3.0
"""Above the mean; the number of live entries is higher once in some hundred independent looks."""


@dataclass(frozen=True, slots=True)
class Crowding:
    """Live entries, and room for fewer.

    Attributes:
        live_entries: How many would be alive without a limit, on average.
        room_entries: How many fit.
    """

    live_entries: float
    room_entries: float


def crowding_of(reads: Reads, knobs: Mapping[str, Knob], room_entries: float) -> Crowding | None:
    """Return how far Redis will be overfull; None if all live entries fit, on average."""
    live = float(np.sum(_hit_ratios(reads, knobs, np.inf)))
    live += reads.unrepeated_rate * _longest_life(knobs)
    return Crowding(live, room_entries) if live > room_entries else None


def most_live_entries(reads: Reads, knobs: Mapping[str, Knob]) -> float:
    """Return how many entries are alive at once without a limit: three deviations above the mean.

    Ids are asked for independently of each other, so each is alive or not by itself; writes that
    delete entries make it fewer.
    """
    alive = _hit_ratios(reads, knobs, np.inf)
    once = reads.unrepeated_rate * _longest_life(knobs)
    deviation = math.sqrt(float(np.sum(alive * (1.0 - alive))) + once)
    most = float(np.sum(alive)) + once + _DEVIATIONS * deviation
    return most if once else min(most, float(alive.size))


def crowded_hit_ratio(reads: Reads, knobs: Mapping[str, Knob], room_entries: float) -> float:
    """Return the hit ratio over repeated ids under LRU and TTL, for instant fills (F7).

    Redis samples the keys that it evicts among, so its own hit ratio is slightly lower.

    Args:
        reads: How often each id is asked for.
        knobs: All knobs in force on the service.
        room_entries: How many entries fit; fewer than would be alive.
    """
    life = float(knobs["ttl_seconds"])

    def occupied(seconds: float) -> Floats:
        unrepeated = reads.unrepeated_rate * min(seconds, life)
        return np.append(_hit_ratios(reads, knobs, seconds), unrepeated)

    stay = memory.characteristic_time(occupied, max(room_entries, 1.0))
    return ttl.aggregate(reads.rates, _hit_ratios(reads, knobs, stay))


def _longest_life(knobs: Mapping[str, Knob]) -> float:
    """Return how long an entry stays in Redis without a limit."""
    stale = float(knobs["stale_seconds"]) if knobs.get("protection") == "stale" else 0.0
    return float(knobs["ttl_seconds"]) + stale


def _hit_ratios(reads: Reads, knobs: Mapping[str, Knob], stay_seconds: float) -> Floats:
    """Return hit ratios of entries that stay so long without a read, or until their TTL."""
    existing = len(reads.rates) - reads.missing
    negative = float(knobs.get("negative_ttl_seconds", 0.0))
    parts = [(reads.rates[:existing], _longest_life(knobs)), (reads.rates[existing:], negative)]
    return np.concatenate(
        [
            memory.lru_ttl_hit_ratios(rates, stay_seconds, life)
            if life > 0
            else np.zeros_like(rates)
            for rates, life in parts
        ]
    )
