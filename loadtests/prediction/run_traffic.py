"""The traffic of a run as the prediction needs it, known before the run begins."""

import math
from collections.abc import Mapping

from loadtests.prediction.steady_state import Traffic
from loadtests.replay.arrival_sequence import ArrivalSequence
from loadtests.workload.assignments import Epoch
from loadtests.workload.scenario import Scenario, Workload

_MOST_REQUESTS = 1_000_000
"""Of a trace, so that its replay takes seconds."""


def traffic_of(workload: Workload, scenarios: Mapping[str, Scenario]) -> Traffic | None:
    """Return the traffic of a run of *scenarios*.

    Return None if it is not known before the run: several scenarios that differ, a closed loop, a
    rate that moves, writes beside missing ids. A trace is known with its writes and its shape.
    """
    settings, trace = workload.settings, workload.trace
    processes = len(settings.service_urls)
    kinds = set(scenarios.values())
    if len(kinds) != 1:
        return None
    scenario = kinds.pop()
    if scenario.closed_loop:
        return None
    popularity = workload.popularity(scenario)
    if trace is not None:
        alone = Epoch(0.0, 0.0, 0, {"process": dict.fromkeys(scenarios, 1)})
        requests = ArrivalSequence(workload, scenarios, alone, processes).take(math.inf)
        return Traffic(popularity, settings.rate, reads=requests.first(_MOST_REQUESTS))
    if settings.shape != "steady":
        return None
    if scenario.writes and settings.write_ratio and settings.missing_ratio:
        return None
    writes = settings.rate * (settings.write_ratio if scenario.writes else 0.0)
    step = 1.0 / settings.rate if settings.arrivals == "paced" else 0.0
    reads = settings.rate - writes
    return Traffic(popularity, reads, writes, step_seconds=step, processes=processes)
