"""What comes before and after a run, once for all its processes: checks, catalogue, summary."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from locust.env import Environment
from locust.runners import MasterRunner

from loadtests.prediction.run_traffic import traffic_of
from loadtests.prediction.steady_state import Traffic, predicted_hit_ratio
from loadtests.prediction.top_shares import top_shares
from loadtests.run.load_user import scenarios_of
from loadtests.run.outcome import Outcome, summarise
from loadtests.run.typed_locust import parsed_options
from loadtests.sender.recording import Recording
from loadtests.sender.tallies import Tallies
from loadtests.service_under_test.client import ServiceClient
from loadtests.service_under_test.contract import Knob
from loadtests.workload.assignments import require_slots
from loadtests.workload.flags import LARGEST_CATALOGUE, FlagError
from loadtests.workload.load_settings import LoadSettings, settings_from
from loadtests.workload.scenario import Scenario
from loadtests.workload.workload import Workload

KEEPS_ITS_USERS = (
    "a run of --requests or of a --trace keeps the users it began with; stop it and start anew"
)


class Preparation:
    """Reads the settings, readies the service and keeps the record's frame.

    Args:
        environment: Locust's environment; its parsed options are read anew for each run.
        token: Control token, None where loopback needs none.
        on_outcome: Told of every run that ended.

    Attributes:
        current: Settings of the run that is on, or was last; None before the first.
        started_at: Its time zero, unix seconds; None while none is on.
        is_open: Whether a run was opened and has not been concluded.
        knobs: In force on the service when last asked (`learn`); empty before.
        fenced: Whether fills have been fenced all through the run, as far as was asked.
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
        self.is_open = False
        self.knobs: dict[str, Knob] = {}
        self.fenced = False
        self.traffic: Traffic | None = None
        self._top_shares: dict[str, float] = {}
        self._workload: Workload | None = None

    @property
    def headless(self) -> bool:
        """Whether Locust ends with the run."""
        return bool(parsed_options(self._environment).headless)

    @property
    def target_rate(self) -> float:
        """Arrivals a second that the run asks for at this moment.

        0 where no rate is asked for: no run is on, closed loops, a trace with its own times.
        """
        if self.started_at is None or self.current is None:
            return 0.0
        settings, elapsed = self.current, max(0.0, time.time() - self.started_at)
        if settings.trace and settings.trace_times == "yes":
            return 0.0
        relative = settings.rate_shape.rate_at(np.array([elapsed]))
        return settings.rate * float(relative[0]) * self._open_ratio()

    @property
    def keeps_its_users(self) -> bool:
        """Whether the run has an end or an order that other users would upset."""
        return self.current is not None and bool(self.current.requests or self.current.trace)

    def settings_now(self) -> LoadSettings:
        """Return the settings of the run that is on or was last, else those for the next one.

        Raises:
            FlagError: Those for the next one will not do.
        """
        return self.current or settings_from(parsed_options(self._environment))

    def workload(self, settings: LoadSettings) -> Workload:
        """Return the workload that the service was readied for, or one that *settings* ask for.

        Raises:
            FlagError: The trace cannot be read.
        """
        if self._workload is None or self._workload.settings != settings:
            return Workload(settings, settings.read_trace())
        return self._workload

    def client(self, settings: LoadSettings) -> ServiceClient:
        """Return how to speak to the service of *settings*."""
        return ServiceClient(settings.service_urls, self.token)

    def ready_service(self, settings: LoadSettings) -> None:
        """Check that the service can be used, set its knobs and fill its catalogue.

        Raises:
            FlagError: A setting is wrong.
            ServiceError: The service is not as needed.
        """
        chosen = self._chosen()
        with self.client(settings) as client:
            client.check()
            workload = self._workload = Workload(settings, settings.read_trace())
            if workload.trace is not None and len(chosen) > 1:
                names = ", ".join(chosen)
                raise FlagError(
                    f"trace must be replayed by one scenario, got {names!r}; choose one of them"
                )
            items = self._items(workload)
            self.learn(client.set_knobs(settings.knobs) if settings.knobs else client.knobs())
            client.fill_catalogue(items)
            writes = settings.write_ratio and any(scenario.writes for scenario in chosen.values())
            if writes or workload.trace is not None:
                # Else a read could find what neither a write of this run nor an earlier line of
                # the trace explains.
                client.clear_cache()
        self.traffic = traffic_of(workload, chosen)
        self._top_shares = top_shares(workload, chosen)

    def require_slots(self, settings: LoadSettings, users: int) -> None:
        """Refuse a run with fewer slots than processes that would send.

        Raises:
            FlagError: It has.
        """
        runner = self._environment.runner
        workers = runner.worker_count if isinstance(runner, MasterRunner) else 1
        senders = min(users, workers)
        if settings.max_in_flight < senders and self._ordered(settings):
            senders = min(senders, len(self._chosen()))
        require_slots(settings.max_in_flight, senders)

    def learn(self, knobs: dict[str, Knob]) -> None:
        """Take *knobs* for those in force."""
        self.knobs = knobs
        self.fenced = self.fenced and _fences(knobs)

    def open(self) -> LoadSettings:
        """Begin with a run: return its settings, and clear what the one before recorded."""
        self.started_at = None
        self.current = settings_from(parsed_options(self._environment))
        self.is_open = True
        self.fenced = _fences(self.knobs)
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
        """Write the summary of the run that just drained; does nothing the second time.

        A run that was stopped before its users were there has a summary too: of nothing.
        """
        if not self.is_open or self.current is None:
            return
        self.is_open = False
        now = time.time()
        outcome = Outcome(
            settings=self.current,
            tallies=tallies,
            started_at=self.started_at or now,
            ended_at=now,
            predicted_hit_ratio=self.predicted_hit_ratio(),
            top_shares=self._top_shares,
            fenced=self.fenced,
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

    def _open_ratio(self) -> float:
        """Return the share of users that send without waiting for answers."""
        runner = self._environment.runner
        if runner is None:
            return 1.0
        users = runner.target_user_classes_count
        scenarios = scenarios_of(self._environment)
        known = {name: count for name, count in users.items() if name in scenarios}
        total = sum(known.values())
        waiting = sum(count for name, count in known.items() if scenarios[name].closed_loop)
        return 1.0 - waiting / total if total else 1.0

    def _chosen(self) -> dict[str, Scenario]:
        offered = scenarios_of(self._environment)
        # Locust keeps classes named on the command line in no order.
        names = sorted(user.__name__ for user in self._environment.user_classes)
        return {name: offered[name] for name in names if name in offered}

    def _ordered(self, settings: LoadSettings) -> bool:
        """Tell whether nothing may overtake, so that one process sends all of a scenario."""
        workload = self.workload(settings)
        return all(workload.popularity(each).ordered for each in self._chosen().values())

    def _items(self, workload: Workload) -> int:
        chosen = self._chosen().values()
        items = max(workload.popularity(each).largest_id for each in chosen)
        if items > LARGEST_CATALOGUE:
            raise FlagError(
                f"items must be at most {LARGEST_CATALOGUE} with all one-hit items and ids of a"
                f" trace, got '{items}'; ask for fewer"
            )
        return items


def _fences(knobs: dict[str, Knob]) -> bool:
    return knobs.get("fencing") == "on"
