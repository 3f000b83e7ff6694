"""Which arrival rate to try next: climb until the bound breaks, then bisect. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["holds", "breaks", "unsure"]

_DIGITS = 3
_VOTES = 2
"""A rate that did not hold at once is tried again, and two equal results out of three decide."""

_LOWEST_RATE = 1.0


@dataclass(frozen=True, slots=True)
class Tried:
    """One step.

    Attributes:
        rate: Lookups per second.
        verdict: Whether the bound holds; unsure if the interval of what was measured allows both.
        far: Whether it is so far from holding that chance cannot explain it.
    """

    rate: float
    verdict: Verdict
    far: bool = False


@dataclass(frozen=True, slots=True)
class RateRange:
    """Where and how finely to search.

    Attributes:
        first: The rate of the first step.
        highest: No step exceeds it.
        growth: The factor from step to step of the climb.
        resolution: The search ends when the lowest rate that breaks is at most this share above
            the highest one that holds.
    """

    first: float
    highest: float
    growth: float = 2.0
    resolution: float = 0.1

    @property
    def most_steps(self) -> int:
        """How many steps a search may take: enough where the first holds, with retries."""
        climbs = math.ceil(math.log(self.highest / self.first) / math.log(self.growth)) + 1
        halvings = math.log2(math.log(self.growth) / math.log1p(self.resolution))
        return climbs + 1 + 2 * max(0, math.ceil(halvings))


@dataclass(frozen=True, slots=True)
class Found:
    """What the steps so far tell.

    Attributes:
        holds: The highest rate that holds; None if none does.
        breaks: The lowest rate that does not; None if every one holds.
    """

    holds: float | None
    breaks: float | None


def next_rate(tried: Sequence[Tried], within: RateRange) -> float | None:
    """Return the rate of the next step; None when the search is over.

    Args:
        tried: The steps so far, in order.
        within: Where and how finely to search.
    """
    if len(tried) >= within.most_steps:
        return None
    if tried and decision(tried, tried[-1].rate) is None:
        return tried[-1].rate
    found = summary(tried)
    if found.breaks is None:
        if found.holds is None:
            return within.first
        return None if found.holds >= within.highest else _climb(found.holds, within)
    if found.holds is None:
        lower = _rounded(found.breaks / within.growth)
        return lower if lower >= _LOWEST_RATE else None
    middle = _rounded(math.sqrt(found.holds * found.breaks))
    near = found.breaks <= found.holds * (1 + within.resolution)
    return None if near or not found.holds < middle < found.breaks else middle


def decision(tried: Sequence[Tried], rate: float) -> bool | None:
    """Return whether a rate holds; None while that is open.

    A rate that holds at its first step is taken to hold: the interval has allowed for chance. One
    that does not may have met a pause of the machine, so it is tried again. What is unsure does
    not hold: the answer is the low end.
    """
    steps = [step for step in tried if step.rate == rate]
    if not steps:
        return None
    if steps[0].verdict == "holds":
        return True
    holding = sum(step.verdict == "holds" for step in steps)
    if steps[0].far or len(steps) - holding >= _VOTES:
        return False
    return True if holding >= _VOTES else None


def summary(tried: Sequence[Tried]) -> Found:
    """Return the highest rate that holds and the lowest one that does not."""
    decided = {step.rate: decision(tried, step.rate) for step in tried}
    breaks = min((rate for rate, holds in decided.items() if holds is False), default=None)
    holds = max(
        (rate for rate, held in decided.items() if held and (breaks is None or rate < breaks)),
        default=None,
    )
    return Found(holds, breaks)


def _climb(rate: float, within: RateRange) -> float:
    return min(_rounded(rate * within.growth), within.highest)


def _rounded(rate: float) -> float:
    """Return a rate with few digits, for people."""
    return float(f"{rate:.{_DIGITS}g}")
