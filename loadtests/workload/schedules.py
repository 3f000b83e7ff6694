"""The requests of each loop of one process, drawn from the seed as they are sent."""

from collections.abc import Callable, Mapping

from loadtests.traffic.arrivals import Immediately
from loadtests.traffic.popularity import Popularity, Sampler
from loadtests.workload.assignments import Assignment, Epoch
from loadtests.workload.operations import Operations, Schedule
from loadtests.workload.scenario import Scenario, Workload


class Schedules:
    """Makes the operations of one process's loops; a later epoch continues an ordered scenario.

    Args:
        scenarios: By User class name.
    """

    def __init__(self, scenarios: Mapping[str, Scenario]) -> None:
        self._scenarios = scenarios
        self._ordered_samplers: dict[str, Sampler] = {}

    def operations(
        self,
        workload: Workload,
        epoch: Epoch,
        assignment: Assignment,
        now: Callable[[], float],
    ) -> Operations:
        """Return what one loop sends.

        Args:
            workload: What is asked for in the epoch.
            epoch: The stretch of the run that the loop sends in.
            assignment: The loop's part of it.
            now: Seconds since the run's start, for a closed loop.
        """
        settings, scenario = workload.settings, self._scenarios[assignment.scenario]
        arrivals, write_ratio = assignment.arrivals, 0.0
        if arrivals is not None and scenario.writes:
            write_ratio = settings.write_ratio
        schedule = Schedule(
            arrivals or Immediately(now),
            self._sampler(assignment, workload.popularity(scenario)),
            write_ratio,
            settings.seed + epoch.number,
            assignment.quota,
        )
        return Operations(schedule, assignment.part)

    def _sampler(self, assignment: Assignment, popularity: Popularity) -> Sampler:
        sampler = popularity.sampler(assignment.sequence)
        if not popularity.ordered:
            return sampler
        # All loops and epochs continue the one order.
        return self._ordered_samplers.setdefault(assignment.scenario, sampler)
