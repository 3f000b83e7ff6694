"""What a run is asked to send: settings, trace, and popularities that are built once."""

from loadtests.traffic.popularity import Popularity
from loadtests.traffic.trace import Trace
from loadtests.workload.load_settings import LoadSettings
from loadtests.workload.scenario import Scenario


class Workload:
    """Holds a run's settings and trace, and builds each scenario's popularity once.

    Args:
        settings: The load flags.
        trace: The trace that replaces drawn ids; None without one.
    """

    def __init__(self, settings: LoadSettings, trace: Trace | None) -> None:
        self.settings = settings
        self.trace = trace
        self._popularities: dict[Scenario, Popularity] = {}

    def popularity(self, scenario: Scenario) -> Popularity:
        """Return which ids *scenario* asks for.

        Raises:
            FlagError: It requires a trace and there is none.
        """
        if scenario not in self._popularities:
            self._popularities[scenario] = scenario.popularity(self.settings, self.trace)
        return self._popularities[scenario]
