"""Keeps what was decided and counted of a run, once for all its processes."""

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from locust.env import Environment

from loadtests.prediction.stale_reads import Staleness, predicted_staleness
from loadtests.prediction.steady_state import Traffic, predicted_hit_ratio
from loadtests.run.load_user import scenarios_of
from loadtests.run.outcome import Outcome, summarise
from loadtests.run.typed_locust import parsed_options
from loadtests.sender.oracle import VISIBLE_SECONDS, VISIBLE_TOLERANCE
from loadtests.sender.recording import Recording
from loadtests.sender.tallies import Tallies
from loadtests.service_under_test.client import ServiceClient
from loadtests.service_under_test.contract import Knob
from loadtests.service_under_test.control_token import ControlToken
from loadtests.workload.assignments import Epoch
from loadtests.workload.load_settings import LoadSettings, settings_from
from loadtests.workload.scenario import Workload

logger = logging.getLogger(__name__)

EXIT_RECORD = 2
"""Exit code of a run whose record is incomplete."""

FIXED_USERS = (
    "a run with --requests or --trace keeps the users it began with; stop it and start a new one"
)


class Ledger:
    """Keeps the settings, the epochs, the knobs and the record of the present or last run.

    Args:
        environment: Locust's environment; its parsed options are read again for each run.
        token: Control token; None where the service asks for none.
        on_outcome: Called with the outcome of each run.

    Attributes:
        settings: Settings of the present or last run; None before the first.
        started_at: Time zero of the present run, unix seconds; None while there is none.
        is_open: Whether a run was opened and not yet concluded.
        knobs: Knobs of the service when they were last read; empty before.
        fenced: Whether all knobs read during the run had fencing on.
        workload: The workload that the service was last readied for.
        traffic: What the run sends, as far as it is known beforehand.
        top_shares: Share of lookups to the 1, 10, 100 most popular ids.
    """

    def __init__(
        self,
        environment: Environment,
        token: ControlToken | None,
        on_outcome: Callable[[Outcome], None],
    ) -> None:
        self._environment = environment
        self._on_outcome = on_outcome
        self._epochs = 0
        self._token = token
        self._recording: Recording | None = None
        self.workload: Workload | None = None
        self.settings: LoadSettings | None = None
        self.started_at: float | None = None
        self.is_open = False
        self.knobs: dict[str, Knob] = {}
        self.fenced = False
        self.traffic: Traffic | None = None
        self.top_shares: dict[str, float] = {}

    @property
    def has_fixed_users(self) -> bool:
        """Whether the run has an end or an order that a change of its users would break."""
        return self.settings is not None and bool(self.settings.requests or self.settings.trace)

    def settings_now(self) -> LoadSettings:
        """Return the settings of the present or last run, before the first run those for it.

        Raises:
            FlagError: The settings for the first run are wrong.
        """
        return self.settings or settings_from(parsed_options(self._environment))

    def client(self, settings: LoadSettings | None = None) -> ServiceClient:
        """Return a client of the service of *settings*, by default of the settings now.

        Raises:
            FlagError: The settings for the first run are wrong.
        """
        chosen = settings or self.settings_now()
        return ServiceClient(chosen.service_urls, self.token_for(chosen))

    def token_for(self, settings: LoadSettings) -> str | None:
        """Return the token for the service of *settings*; None if it may not have it."""
        return self._token.for_urls(settings.service_urls) if self._token else None

    def workload_of(self, settings: LoadSettings) -> Workload:
        """Return the workload that the service was readied for, or a new one for other *settings*.

        Raises:
            FlagError: The trace cannot be read.
        """
        if self.workload is None or self.workload.settings != settings:
            return Workload(settings, settings.read_trace())
        return self.workload

    def note_knobs(self, knobs: dict[str, Knob]) -> None:
        """Note that *knobs* are in force."""
        self.knobs = knobs
        self.fenced = self.fenced and _is_fenced(knobs)

    def open(self) -> LoadSettings:
        """Open a new run, clear the record of the last one, and return the settings of the new."""
        self.settings = settings_from(parsed_options(self._environment))
        self.started_at = None
        self._epochs = 0
        self.is_open = True
        self.fenced = _is_fenced(self.knobs)
        self._recording = None
        if self.settings.record:
            self._recording = Recording(Path(self.settings.record))
            self._recording.clear()
        return self.settings

    def next_epoch(
        self, users: Mapping[str, Mapping[str, int]], lead_seconds: float
    ) -> Epoch | None:
        """Start the next epoch of the open run, and with the first one the run itself.

        Args:
            users: For each process its users by class; only those of scenarios count.
            lead_seconds: How far ahead the epoch begins, for every process to learn of it in time.

        Returns:
            The epoch; None if there are no users or the users of the run cannot be changed.
        """
        if self._epochs and self.has_fixed_users:
            logger.warning(FIXED_USERS)
            return None
        ours = scenarios_of(self._environment)
        users = {
            process: {name: count for name, count in counts.items() if name in ours}
            for process, counts in users.items()
        }
        begins_at = time.time() + lead_seconds
        started_at = self.started_at or begins_at
        epoch = Epoch(started_at, begins_at - started_at, self._epochs, users)
        if not epoch.processes:
            return None
        self._epochs += 1
        if self.started_at is None and self._recording is not None:
            self._recording.begin(started_at)
        self.started_at = started_at
        return epoch

    def conclude(self, tallies: Tallies, unreported: tuple[str, ...] = ()) -> None:
        """Write the summary of the open run, which has drained; do nothing if none is open.

        A run that was stopped before its users were spawned gets a summary of nothing.
        """
        if not self.is_open or self.settings is None:
            return
        self.is_open = False
        now = time.time()
        outcome = Outcome(
            settings=self.settings,
            tallies=tallies,
            started_at=self.started_at or now,
            ended_at=now,
            predicted_hit_ratio=self._predicted_hit_ratio(),
            top_shares=self.top_shares,
            fenced=self.fenced,
            predicted_staleness=self.predicted_staleness(),
            unreported=unreported,
        )
        self.started_at = None
        if self._recording is not None:
            self._write_summary(self._recording, outcome)
        self._on_outcome(outcome)

    def _write_summary(self, recording: Recording, outcome: Outcome) -> None:
        try:
            recording.conclude(summarise(outcome))
        except OSError as error:
            logger.error(  # noqa: TRY400 - the cause is in the sentence
                "the run has no summary: cannot write to %s: %s; make room there or choose "
                "another --record",
                outcome.settings.record,
                error.strerror,
            )
            self._environment.process_exit_code = EXIT_RECORD

    def target_rate(self) -> float:
        """Return the target rate of this moment in arrivals a second.

        0 where there is no target rate: without a run, for closed loops, for a trace replayed at
        its own times.
        """
        if self.started_at is None or self.settings is None:
            return 0.0
        settings, elapsed = self.settings, max(0.0, time.time() - self.started_at)
        if settings.trace and settings.trace_times == "yes":
            return 0.0
        relative = settings.rate_shape.rate_at(np.array([elapsed]))
        return settings.rate * float(relative[0]) * self._open_ratio()

    def _open_ratio(self) -> float:
        """Return the share of users that send without waiting for answers."""
        runner = self._environment.runner
        if runner is None:
            return 1.0
        scenarios = scenarios_of(self._environment)
        users = {
            name: count
            for name, count in runner.target_user_classes_count.items()
            if name in scenarios
        }
        total = sum(users.values())
        closed = sum(count for name, count in users.items() if scenarios[name].closed_loop)
        return 1.0 - closed / total if total else 1.0

    def predicted_staleness(self) -> Staleness | None:
        """Return how stale the reads of the run should be; None where that is unknown."""
        if self.traffic is None or "ttl_seconds" not in self.knobs:
            return None
        return predicted_staleness(self.traffic, self.knobs, VISIBLE_SECONDS, VISIBLE_TOLERANCE)

    def _predicted_hit_ratio(self) -> float | None:
        if self.traffic is None or "ttl_seconds" not in self.knobs:
            return None
        return predicted_hit_ratio(self.traffic, self.knobs)


def _is_fenced(knobs: Mapping[str, Knob]) -> bool:
    return knobs.get("fencing") == "on"
