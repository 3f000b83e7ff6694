"""What comes before and after a run, once for all its processes: checks, catalogue, summary."""

import time
from collections.abc import Callable
from pathlib import Path

from locust.env import Environment

from loadtests.flags import LARGEST_CATALOGUE, FlagError
from loadtests.listeners import parsed_options
from loadtests.load_settings import LoadSettings, settings_from
from loadtests.load_user import scenarios_of
from loadtests.prediction import Traffic, predicted_hit_ratio, top_shares
from loadtests.recording import Recording
from loadtests.scenarios import Scenario
from loadtests.service_client import Knob, ServiceClient
from loadtests.summary import Outcome, summarise
from loadtests.tallies import Tallies
from loadtests.traces import Trace
from loadtests.traffic import traffic_of


class Preparation:
    """Reads the settings, readies the service and keeps the record's frame.

    Args:
        environment: Locust's environment; its parsed options are read anew for each run.
        token: Control token, None where loopback needs none.
        on_outcome: Told of every run that ended.

    Attributes:
        current: Settings of the run that is on, or was last; None before the first.
        started_at: Its time zero, unix seconds; None while none is on.
        knobs: In force on the service when last asked; empty before.
        traffic: What the run sends, as far as it is known before.
    """

    def __init__(
        self, environment: Environment, token: str | None, on_outcome: Callable[[Outcome], None]
    ) -> None:
        self._environment = environment
        self._on_outcome = on_outcome
        self.token = token
        self.current: LoadSettings | None = None
        self.started_at: float | None = None
        self.knobs: dict[str, Knob] = {}
        self.traffic: Traffic | None = None

    @property
    def headless(self) -> bool:
        """Whether Locust ends with the run."""
        return bool(parsed_options(self._environment).headless)

    @property
    def target_rate(self) -> float:
        """Arrivals a second that the run asks for; 0 while none is on."""
        if self.started_at is None or self.current is None:
            return 0.0
        return self.current.rate

    def settings_now(self) -> LoadSettings:
        """Return the settings of the run that is on or was last, else those for the next one.

        Raises:
            FlagError: Those for the next one will not do.
        """
        return self.current or settings_from(parsed_options(self._environment))

    def client(self, settings: LoadSettings) -> ServiceClient:
        """Return how to speak to the service of *settings*."""
        return ServiceClient(settings.service_urls, self.token)

    def ready_service(self, settings: LoadSettings) -> None:
        """Check that the service can be used, set its knobs and fill its catalogue.

        Raises:
            FlagError: A setting is wrong.
            ServiceError: The service is not as needed.
        """
        client = self.client(settings)
        client.check()
        trace = settings.read_trace()
        items = self._items(settings, trace)
        self.knobs = client.change(settings.knobs) if settings.knobs else client.settings()
        client.fill_catalogue(items)
        self.traffic = traffic_of(settings, trace, self._chosen())

    def open(self) -> LoadSettings:
        """Begin with a run: return its settings, and clear what the one before recorded."""
        self.started_at = None
        self.current = settings_from(parsed_options(self._environment))
        if self.current.record:
            Recording(Path(self.current.record)).clear()
        return self.current

    def begin(self, started_at: float) -> None:
        """Note the run's time zero."""
        if self.started_at is not None or self.current is None:
            return
        self.started_at = started_at
        if self.current.record:
            Recording(Path(self.current.record)).begin(started_at)

    def conclude(self, tallies: Tallies, unreported: tuple[str, ...] = ()) -> None:
        """Write the summary of the run that just drained; does nothing the second time."""
        if self.started_at is None or self.current is None:
            return
        outcome = Outcome(
            settings=self.current,
            tallies=tallies,
            started_at=self.started_at,
            ended_at=time.time(),
            predicted_hit_ratio=self.predicted_hit_ratio(),
            top_shares=top_shares(self.traffic) if self.traffic else {},
            fencing=self.knobs.get("fencing") == "on",
            unreported=unreported,
        )
        self.started_at = None
        if self.current.record:
            Recording(Path(self.current.record)).conclude(summarise(outcome))
        self._on_outcome(outcome)

    def predicted_hit_ratio(self) -> float | None:
        """Return what theory expects under the knobs in force, None where it says nothing."""
        if self.traffic is None or "ttl_seconds" not in self.knobs:
            return None
        return predicted_hit_ratio(self.traffic, self.knobs)

    def _chosen(self) -> dict[str, Scenario]:
        offered = scenarios_of(self._environment)
        names = [user.__name__ for user in self._environment.user_classes]
        return {name: offered[name] for name in names if name in offered}

    def _items(self, settings: LoadSettings, trace: Trace | None) -> int:
        chosen = self._chosen().values()
        items = max(each.popularity(settings, trace).largest_id for each in chosen)
        if items > LARGEST_CATALOGUE:
            raise FlagError(
                f"items must be at most {LARGEST_CATALOGUE} with all one-hit items and ids of a"
                f" trace, got '{items}'; ask for fewer"
            )
        return items
