"""What a run will send, put together for prediction before it begins."""

from collections.abc import Mapping

from loadtests.prediction.steady_state import Traffic
from loadtests.traffic.trace import Trace
from loadtests.workload.load_settings import LoadSettings
from loadtests.workload.scenario import Scenario
from loadtests.workload.schedule import trace_reads

_MOST_READS = 2_000_000


def traffic_of(
    settings: LoadSettings, trace: Trace | None, scenarios: Mapping[str, Scenario]
) -> Traffic | None:
    """Return the traffic of a run of *scenarios*.

    None where it is not known before: several scenarios that differ, a closed loop, a rate that
    moves, writes among the ids of a trace or beside missing ids.
    """
    kinds = set(scenarios.values())
    if len(kinds) != 1:
        return None
    scenario = kinds.pop()
    if scenario.closed_loop or settings.shape != "steady":
        return None
    if scenario.writes and settings.write_ratio and (trace or settings.missing_ratio):
        return None
    popularity = scenario.popularity(settings, trace)
    if trace is not None:
        count = min(settings.requests or trace.ids.size, trace.ids.size, _MOST_READS)
        return Traffic(popularity, settings.rate, reads=trace_reads(settings, trace, count))
    writes = settings.rate * (settings.write_ratio if scenario.writes else 0.0)
    return Traffic(popularity, settings.rate - writes, writes)
