"""Readies the service for a run, before its first request."""

from locust.env import Environment
from locust.runners import MasterRunner

from loadtests.prediction.run_traffic import traffic_of
from loadtests.prediction.top_shares import top_shares
from loadtests.run.ledger import Ledger
from loadtests.run.load_user import scenarios_of
from loadtests.workload.assignments import require_slots
from loadtests.workload.flags import LARGEST_CATALOGUE, FlagError
from loadtests.workload.load_settings import LoadSettings
from loadtests.workload.scenario import Scenario, Workload


class Readiness:
    """Checks and prepares the service for the next run, once for all its processes.

    Args:
        environment: Locust's environment; its User classes are those of the next run.
        ledger: Notes what was found out.
    """

    def __init__(self, environment: Environment, ledger: Ledger) -> None:
        self._environment = environment
        self.ledger = ledger

    def ready_service(self, settings: LoadSettings) -> None:
        """Check that the service can be used, set its knobs and fill its catalogue.

        Raises:
            FlagError: A setting is wrong.
            ServiceError: The service cannot be used as it is.
        """
        scenarios = self._chosen()
        if not scenarios:  # Only users of the locustfile's own, which ask for what they like.
            return
        with self.ledger.client(settings) as client:
            client.check()
            workload = Workload(settings, settings.read_trace())
            self.ledger.workload = workload
            if workload.trace is not None and len(scenarios) > 1:
                names = ", ".join(scenarios)
                raise FlagError(
                    f"trace must be replayed by one scenario, got {names!r}; choose one of them"
                )
            items = _largest_id(workload, scenarios)
            knobs = client.set_knobs(settings.knobs) if settings.knobs else client.knobs()
            self.ledger.note_knobs(knobs)
            client.fill_catalogue(items)
            writes = settings.write_ratio and any(each.writes for each in scenarios.values())
            if writes or workload.trace is not None:
                # Else a read could find what neither a write of this run nor an earlier line of
                # the trace explains.
                client.clear_cache()
        self.ledger.traffic = traffic_of(workload, scenarios)
        self.ledger.top_shares = top_shares(workload, scenarios)

    def require_slots(self, settings: LoadSettings, users: int) -> None:
        """Refuse a run with fewer slots than processes that would send.

        Raises:
            FlagError: There are fewer.
        """
        runner = self._environment.runner
        workers = runner.worker_count if isinstance(runner, MasterRunner) else 1
        senders = min(users, workers)
        if settings.max_in_flight < senders and self._is_ordered(settings):
            senders = min(senders, len(self._chosen()))
        require_slots(settings.max_in_flight, senders)

    def _chosen(self) -> dict[str, Scenario]:
        """Return the scenarios of the next run by name."""
        known = scenarios_of(self._environment)
        # Locust keeps the classes of the command line in random order.
        names = sorted(user.__name__ for user in self._environment.user_classes)
        return {name: known[name] for name in names if name in known}

    def _is_ordered(self, settings: LoadSettings) -> bool:
        """Return whether no request may overtake another, so one process sends each scenario."""
        workload = self.ledger.workload_of(settings)
        return all(workload.popularity(each).ordered for each in self._chosen().values())


def _largest_id(workload: Workload, scenarios: dict[str, Scenario]) -> int:
    items = max(workload.popularity(each).largest_id for each in scenarios.values())
    if items > LARGEST_CATALOGUE:
        raise FlagError(
            f"items must be at most {LARGEST_CATALOGUE} with all one-hit items and ids of a"
            f" trace, got '{items}'; lower them"
        )
    return items
