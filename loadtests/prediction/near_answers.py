"""How many lookups the near tiers should answer instead of Redis (docs/theory.md F16)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from loadtests.prediction.key_rates import Reads, whole_steps
from loadtests.prediction.steady_state import Traffic, predicted_hit_ratio
from loadtests.replay.run_replay import InForce, replay_requests
from loadtests.service_under_test.contract import Knob
from loadtests.theory import near, ttl
from loadtests.theory.ttl import Floats


@dataclass(frozen=True, slots=True)
class NearAnswers:
    """Shares of all hits.

    Attributes:
        near: Answered as near.
        kept: Answered without Redis: near, and absences that a process had kept.
    """

    near: float
    kept: float


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for repeatedly.

    Attributes:
        rates: Lookups per second of one existing id of each group.
        items: How many ids each group has.
        missing_rate: Lookups per second of one id that does not exist.
        missing_items: How many such ids are asked for.
        writes_per_read: Invalidating writes of an id for each lookup of it.
        step_seconds: Time between two paced requests; 0 for Poisson arrivals.
    """

    rates: Floats
    items: Floats
    missing_rate: float = 0.0
    missing_items: float = 0.0
    writes_per_read: float = 0.0
    step_seconds: float = 0.0


def near_answers(
    asked: Asked, knobs: Mapping[str, Knob], fill_seconds: float, processes: int
) -> NearAnswers | None:
    """Return the shares in the steady state; None where there is no formula.

    Args:
        asked: What is asked for.
        knobs: All knobs in force on the service; the cache is on.
        fill_seconds: D, from the GET that missed to the SET being visible.
        processes: Service processes, which share the lookups evenly.
    """
    near_seconds = whole_steps(
        float(knobs.get("near_seconds", 0.0)), asked.step_seconds * processes
    )
    if near_seconds == 0:
        return NearAnswers(0.0, 0.0)
    if knobs.get("protection") == "early":
        return None

    def covered(seconds: float) -> float:
        ended = whole_steps(fill_seconds + seconds, asked.step_seconds)
        return ended - whole_steps(fill_seconds, asked.step_seconds)

    life = covered(float(knobs["ttl_seconds"]))
    absent = covered(float(knobs.get("negative_ttl_seconds", 0.0)))
    filling = whole_steps(fill_seconds, asked.step_seconds)
    ratios = _ratios(asked, knobs, life, filling)
    fresh, served = (asked.rates * asked.items * ratio for ratio in ratios)
    missing = np.array([asked.missing_rate] if asked.missing_items and absent else [])
    absences = missing * asked.missing_items * ttl.unfenced_hit_ratios(missing, absent, filling)

    def shares(seconds: float) -> tuple[Floats, Floats]:
        return (
            near.near_shares(asked.rates, seconds, life, processes, asked.writes_per_read),
            near.near_shares(missing, seconds, absent, processes),
        )

    def asked_per_second(seconds: float) -> float:
        of_known, of_missing = shares(seconds)
        known = np.sum(fresh * (1.0 - of_known))
        return float(known + np.sum(absences * (1.0 - of_missing))) / processes

    entries = float(knobs.get("near_entries", np.inf))
    of_known, of_missing = shares(near.seconds_that_fit(near_seconds, entries, asked_per_second))
    hits = float(np.sum(served) + np.sum(absences))
    if not hits:
        return NearAnswers(0.0, 0.0)
    found, kept = float(np.sum(fresh * of_known)), float(np.sum(absences * of_missing))
    return NearAnswers(found / hits, (found + kept) / hits)


def near_answers_to(
    reads: Reads, knobs: Mapping[str, Knob], fill_seconds: float, processes: int
) -> NearAnswers | None:
    """Return the shares for the lookups of a trial; see `near_answers`."""
    known = reads.rates[: reads.rates.size - reads.missing]
    missing = float(reads.rates[-1]) if reads.missing else 0.0
    asked = Asked(
        known, np.ones_like(known), missing, reads.missing, step_seconds=reads.step_seconds
    )
    return near_answers(asked, knobs, fill_seconds, processes)


def predicted_near_ratio(traffic: Traffic, knobs: Mapping[str, Knob]) -> float | None:
    """Return the share of a run's lookups that are near in the steady state; see `near_answers`.

    Return None where the hit ratio has no formula either, and without a near tier.
    """
    fill_seconds = float(knobs.get("store_delay_seconds", 0.0))
    if not knobs.get("near_seconds") or not float(knobs["ttl_seconds"]):
        return None
    if traffic.reads is not None:
        return replay_requests(traffic.reads, InForce(knobs, fill_seconds)).near_ratio
    hit_ratio = predicted_hit_ratio(traffic, knobs)
    masses = traffic.popularity.masses()
    if hit_ratio is None or masses is None:
        return None
    invalidating = knobs.get("invalidation", "delete") == "delete"
    repeated = masses.probability > 0
    asked = Asked(
        masses.probability[repeated] * traffic.reads_per_second,
        masses.items[repeated].astype(np.float64),
        masses.missing_probability * traffic.reads_per_second,
        masses.missing_items,
        traffic.writes_per_second / traffic.reads_per_second if invalidating else 0.0,
        traffic.step_seconds,
    )
    answers = near_answers(asked, knobs, fill_seconds, traffic.processes)
    return None if answers is None else answers.near * hit_ratio


def _ratios(
    asked: Asked, knobs: Mapping[str, Knob], life: float, fill_seconds: float
) -> tuple[Floats, Floats]:
    """Return each item's share of fresh hits, and of all hits."""
    writes = asked.rates * asked.writes_per_read
    fresh = ttl.hit_ratios_with_writes(asked.rates, writes, life, fill_seconds=fill_seconds)
    if knobs.get("protection") != "stale":
        return fresh, fresh
    grace = max(0.0, float(knobs.get("stale_seconds", 0.0)) - fill_seconds)
    cycle = 1.0 + asked.rates * (life + fill_seconds)
    return fresh, 1.0 - np.exp(-asked.rates * grace) / cycle  # F14: hits and stale ones.
