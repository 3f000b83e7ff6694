"""How much of the load goes to the most popular ids, without which a hit ratio says nothing."""

from collections.abc import Mapping

import numpy as np

from loadtests.traffic.popularity import Popularity
from loadtests.traffic.trace import Trace
from loadtests.workload.load_settings import LoadSettings
from loadtests.workload.scenario import Scenario

TOPS = (1, 10, 100)


def top_shares(
    settings: LoadSettings, trace: Trace | None, scenarios: Mapping[str, Scenario]
) -> dict[str, float]:
    """Return the share of requests to the 1, 10, 100 most popular ids.

    Empty where they change with time, or where the scenarios of a run differ.
    """
    kinds = set(scenarios.values())
    if len(kinds) != 1:
        return {}
    if trace is not None:
        return _counted(trace, settings.requests)
    return _expected(kinds.pop().popularity(settings, None))


def _counted(trace: Trace, requests: int) -> dict[str, float]:
    sent = trace.ids[: requests or None]
    counts = -np.sort(-np.unique(sent, return_counts=True)[1])
    return {str(top): float(counts[:top].sum() / sent.size) for top in TOPS}


def _expected(popularity: Popularity) -> dict[str, float]:
    masses = popularity.masses()
    if masses is None:
        return {}
    probability = np.append(masses.probability, masses.missing_probability)
    items = np.append(masses.items, masses.missing_items)
    order = np.argsort(-probability, kind="stable")
    probability, items = probability[order], items[order]
    below = np.concatenate([[0.0], np.cumsum(items)[:-1]])
    return {str(top): float(np.sum(probability * np.clip(top - below, 0.0, items))) for top in TOPS}
