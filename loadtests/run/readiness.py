"""Readies the service for a run, before its first request."""

from locust.env import Environment
from locust.runners import MasterRunner

from loadtests.prediction.run_traffic import traffic_of
from loadtests.prediction.top_shares import top_shares
from loadtests.run.ledger import Ledger
from loadtests.run.load_user import scenarios_of
from loadtests.run.run_parts import Sent
from loadtests.target.own_service import Target
from loadtests.workload.assignments import require_slots
from loadtests.workload.flags import EMPTY_CACHE, LARGEST_CATALOGUE, FlagError
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
            if settings.target is not None:
                _check_target(settings.target, workload, scenarios)
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
            # A read of an old entry would be explained neither by a write of this run nor by an
            # earlier line of the trace.
            must_empty = bool(writes) or workload.trace is not None
            must_empty = must_empty or settings.cache_at_start == EMPTY_CACHE
            self.ledger.began_empty = must_empty and settings.target is None
            if self.ledger.began_empty:
                client.clear_cache()
            self.ledger.key_reads.ready(client, settings)
        self.ledger.sent = what_is_sent(workload, scenarios)
        self.ledger.top_shares = top_shares(workload, scenarios)

    def change_run(self, before: LoadSettings, now: LoadSettings) -> None:
        """Change the knobs of the service and the load of the run that is under way.

        The load changes with the epoch that Locust's own part of the edit begins.

        Args:
            before: The settings that the last start or edit chose.
            now: Those that are chosen now; only what differs is changed.

        Raises:
            FlagError: A setting is wrong.
            ServiceError: The service does not take a knob over.
        """
        knobs = {name: knob for name, knob in now.knobs.items() if before.knobs.get(name) != knob}
        if knobs:
            with self.ledger.client() as client:
                self.ledger.note_knobs(client.set_knobs(knobs))
        load = dict(now.editable.items() - before.editable.items())
        if load:
            scenarios = self._chosen()
            workload = self.ledger.workload_of(self.ledger.settings_now()).with_load(load)
            self.ledger.change_load(load)
            self.ledger.sent = what_is_sent(workload, scenarios)
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


def what_is_sent(workload: Workload, scenarios: dict[str, Scenario]) -> Sent:
    """Return what a run of *scenarios* sends, as far as it is known beforehand."""
    missing = workload.settings.missing_ratio > 0 or any(
        each.missing for each in scenarios.values()
    )
    target = workload.settings.target
    # With several endpoints a key is an entry for each, and theory knows only keys.
    known = target is None or target.has_one_entry_for_a_key
    traffic = traffic_of(workload, scenarios) if known else None
    return Sent(traffic, missing, workload.settings.editable)


def _check_target(target: Target, workload: Workload, scenarios: dict[str, Scenario]) -> None:
    for name, scenario in scenarios.items():
        if scenario.writes or scenario.missing or (target.foreign and scenario.closed_loop):
            raise FlagError(
                f"scenario must be one that only looks up known keys at a rate, got {name!r} with"
                " a target; choose ReadHeavy"
            )
    needed, left = _largest_id(workload, scenarios), target.keys.left
    if left is not None and needed > left:
        raise FlagError(
            f"target-keys must hold a key for each id up to {needed}, got {left} keys; add keys, or"
            " lower --items"
        )


def _largest_id(workload: Workload, scenarios: dict[str, Scenario]) -> int:
    items = max(workload.popularity(each).largest_id for each in scenarios.values())
    if items > LARGEST_CATALOGUE:
        raise FlagError(
            f"items must be at most {LARGEST_CATALOGUE} with all one-hit items and ids of a"
            f" trace, got '{items}'; lower them"
        )
    return items
