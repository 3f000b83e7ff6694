"""Finds the refreshes of a hot key in a series of counter readings.

A refresh is all loads that overlap the first one after an expiry. Loads of one refresh end
within two load times of each other; refreshes lie about a TTL apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from loadtests.experiments.records.records import Samples

MARGIN_SECONDS = 0.02  # what scheduling may add to the bounds of a refresh


@dataclass(frozen=True, slots=True)
class Poll:
    """How many loads have ended by a moment, summed over processes."""

    at: float  # unix seconds, when the reading began
    until: float  # when it was complete
    loads: int


@dataclass(frozen=True, slots=True)
class Refresh:
    """One refresh, between moments that surely enclose it."""

    begins: float  # unix seconds
    ends: float
    loads: int


def find_refreshes(
    polls: Sequence[Poll], load_seconds: float, quiet_seconds: float
) -> list[Refresh]:
    """Group loads into refreshes.

    Args:
        polls: Readings in order of time.
        load_seconds: How long one load takes.
        quiet_seconds: A pause in the loads that parts two refreshes; below the TTL.
    """
    found: list[Refresh] = []
    ended_at = float("-inf")
    for earlier, later in pairwise(polls):
        loads = later.loads - earlier.loads
        if not loads:
            continue
        if earlier.at - ended_at < quiet_seconds:
            last = found.pop()
            found.append(Refresh(last.begins, later.until, last.loads + loads))
        else:
            found.append(Refresh(earlier.at - load_seconds, later.until, loads))
        ended_at = later.until
    return found


def inside(samples: Samples, refreshes: Sequence[Refresh]) -> NDArray[np.bool_]:
    """Tell for each sample whether it was meant to start within one of the refreshes."""
    intended = samples["intended"]
    within = np.zeros(len(samples), dtype=bool)
    for refresh in refreshes:
        begins, ends = refresh.begins - MARGIN_SECONDS, refresh.ends + MARGIN_SECONDS
        within |= (intended >= begins) & (intended < ends)
    return within
