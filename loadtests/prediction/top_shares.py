"""The share of lookups that the most popular ids have: a hit ratio means nothing without it."""

from collections.abc import Mapping

import numpy as np

from loadtests.traffic.popularity import Popularity
from loadtests.traffic.trace import Trace
from loadtests.workload.scenario import Scenario, Workload

TOPS = (1, 10, 100)


def top_shares(workload: Workload, scenarios: Mapping[str, Scenario]) -> dict[str, float]:
    """Return the share of lookups for the 1, 10 and 100 most popular ids.

    Return nothing if the ids' popularity moves, or if the run's scenarios differ.
    """
    kinds = set(scenarios.values())
    if len(kinds) != 1:
        return {}
    if workload.trace is not None:
        return _count_shares(workload.trace, workload.settings.requests)
    return _expect_shares(workload.popularity(kinds.pop()))


def _count_shares(trace: Trace, requests: int) -> dict[str, float]:
    sent = trace.ids[: requests or None]
    counts = -np.sort(-np.unique(sent, return_counts=True)[1])
    return {str(top): float(counts[:top].sum() / sent.size) for top in TOPS}


def _expect_shares(popularity: Popularity) -> dict[str, float]:
    masses = popularity.masses()
    if masses is None:
        return {}
    probability = np.append(masses.probability, masses.missing_probability)
    items = np.append(masses.items, masses.missing_items)
    order = np.argsort(-probability, kind="stable")
    probability, items = probability[order], items[order]
    below = np.concatenate([[0.0], np.cumsum(items)[:-1]])
    return {str(top): float(np.sum(probability * np.clip(top - below, 0.0, items))) for top in TOPS}
