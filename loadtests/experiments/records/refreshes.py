"""Finds the refreshes of a hot key in the polls of a trial.

A refresh is all loads that overlap the first one after an expiry. Loads of one refresh end
within two load durations of each other; refreshes are about a TTL apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from loadtests.experiments.records.polls import Poll
from loadtests.experiments.records.samples_file import Samples

MARGIN_SECONDS = 0.02  # Scheduling may widen a refresh by this much.


@dataclass(frozen=True, slots=True)
class Refresh:
    """One refresh, between two moments that enclose all of its loads.

    Attributes:
        begins: Unix seconds.
        ends: Unix seconds.
        loads: Number of loads.
    """

    begins: float
    ends: float
    loads: int


def find_refreshes(
    polls: Sequence[Poll], load_seconds: float, quiet_seconds: float
) -> list[Refresh]:
    """Group loads into refreshes.

    Args:
        polls: Readings in order of time.
        load_seconds: Duration of one load.
        quiet_seconds: The pause between loads that separates two refreshes; below the TTL.
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
    """Return for each sample whether its intended start lies within one of the refreshes."""
    intended = samples["intended"]
    within = np.zeros(len(samples), dtype=bool)
    for refresh in refreshes:
        begins, ends = refresh.begins - MARGIN_SECONDS, refresh.ends + MARGIN_SECONDS
        within |= (intended >= begins) & (intended < ends)
    return within
