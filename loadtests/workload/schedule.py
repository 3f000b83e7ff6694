"""When a scenario sends, how much, and what of it is this process's: settings and share joined."""

from loadtests.traffic.arrivals import Arrivals, PacedArrivals, PoissonArrivals, RecordedArrivals
from loadtests.traffic.trace import Trace
from loadtests.workload.load_settings import LoadSettings
from loadtests.workload.operations import Keys, Part, Turns
from loadtests.workload.shares import ScenarioShare, Share, divide


def arrivals_for(
    settings: LoadSettings, trace: Trace | None, share: Share, scenario: str
) -> Arrivals:
    """Return the arrivals of a whole scenario: its users' part of the total rate."""
    part = share.scenarios[scenario]
    if trace is not None and trace.times is not None and settings.trace_times == "yes":
        return RecordedArrivals(trace.times)
    rate = settings.rate * part.users / share.users
    if settings.arrivals == "paced":
        # scenarios side by side do not start in step
        phase = part.base / share.users
        return PacedArrivals(rate, settings.rate_shape, phase, share.begins)
    stream = share.stream(scenario)
    return PoissonArrivals(rate, settings.rate_shape, settings.seed, stream, share.begins)


def trace_reads(settings: LoadSettings, trace: Trace, count: int) -> list[tuple[float, int]]:
    """Return time in seconds and id of the first *count* reads of a trace.

    They are those that a scenario sends whose users are all there is.
    """
    alone = divide(0.0, 0.0, 0, {"process": {"scenario": 1}})["process"]
    times = arrivals_for(settings, trace, alone, "scenario").next_times(count)
    return list(zip(times.tolist(), trace.ids[:count].tolist(), strict=True))


def quota_for(settings: LoadSettings, share: Share, scenario: str) -> int | None:
    """Return how many arrivals a scenario has in all, None for no end; all quotas add up."""
    if not settings.requests:
        return None
    return share.scenarios[scenario].of(settings.requests, share.users)


def part_for(part: ScenarioShare, *, ordered: bool, by_key: bool) -> Part | None:
    """Return what of a scenario's operations this process does; None for nothing.

    Args:
        part: The scenario's users here.
        ordered: Whether nothing may overtake: then its first process does everything.
        by_key: Whether all of a key's operations must be in one process.
    """
    if ordered:
        return Turns(0, 1, 1) if part.nth == 0 else None
    if by_key:
        return Keys(part.nth, part.processes)
    return Turns(part.first, part.here, part.users)
