"""The traffic of a run as the prediction needs it, known before the run begins."""

from collections.abc import Mapping

from loadtests.prediction.steady_state import Traffic
from loadtests.workload.assignments import trace_reads
from loadtests.workload.scenario import Scenario, Workload

_MOST_READS = 2_000_000


def traffic_of(workload: Workload, scenarios: Mapping[str, Scenario]) -> Traffic | None:
    """Return the traffic of a run of *scenarios*.

    Return None if it is not known before the run: several scenarios that differ, a closed loop, a
    rate that moves, writes among the ids of a trace or beside missing ids.
    """
    settings, trace = workload.settings, workload.trace
    kinds = set(scenarios.values())
    if len(kinds) != 1:
        return None
    scenario = kinds.pop()
    if scenario.closed_loop or settings.shape != "steady":
        return None
    if scenario.writes and settings.write_ratio and (trace or settings.missing_ratio):
        return None
    popularity = workload.popularity(scenario)
    if trace is not None:
        count = min(settings.requests or trace.ids.size, trace.ids.size, _MOST_READS)
        return Traffic(popularity, settings.rate, reads=trace_reads(settings, trace, count))
    writes = settings.rate * (settings.write_ratio if scenario.writes else 0.0)
    step = 1.0 / settings.rate if settings.arrivals == "paced" else 0.0
    return Traffic(popularity, settings.rate - writes, writes, step_seconds=step)
