"""Keeps what was decided and counted of a run, once for all its processes."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from locust.env import Environment

from loadtests.run.live_replay import LiveReplay
from loadtests.run.load_user import scenarios_of
from loadtests.run.outcome import Outcome
from loadtests.run.run_parts import PartFigures, Parts, Sent, with_replay
from loadtests.run.run_record import RunRecord
from loadtests.run.target import Target
from loadtests.run.typed_locust import parsed_options
from loadtests.sender.tallies import Tallies
from loadtests.service_under_test.contract import Knob
from loadtests.service_under_test.control_token import ControlToken
from loadtests.workload.assignments import Epoch
from loadtests.workload.load_settings import LoadSettings, settings_from
from loadtests.workload.run_client import KeyReads, RunClient, client_of
from loadtests.workload.scenario import Workload

logger = logging.getLogger(__name__)

_KNOBS_REACH_ALL_SECONDS = 1.5  # The service promises 1 s.

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
        sent: What the run sends, as far as it is known beforehand.
        began_empty: Whether the service's cache was emptied before the run.
        epochs: The epochs of the present or last run.
        parts: The parts of the present or last run.
        ended_after: How many seconds the last run lasted.
        replay: Replays the present or last run.
        target: Knows what the present or last run is asked to send.
        warm_mark: What had been counted when the present or last run was first warm; None before.
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
        self.epochs: list[Epoch] = []
        self._token = token
        self._record = RunRecord(environment)
        self.workload: Workload | None = None
        self.settings: LoadSettings | None = None
        self.started_at: float | None = None
        self._zero = 0.0  # The same by the monotonic clock, which nobody sets.
        self.is_open = False
        self.knobs: dict[str, Knob] = {}
        self.fenced = False
        self.sent = Sent()
        self.began_empty = False
        self.parts = Parts()
        self.ended_after = 0.0
        self.replay = LiveReplay(environment, self)
        self.target = Target(environment, self)
        self.warm_mark: Tallies | None = None
        self.key_reads = KeyReads(self.client)
        self._load: dict[str, float | str] = {}
        self._knobs_set_at = -_KNOBS_REACH_ALL_SECONDS
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

    def client(self, settings: LoadSettings | None = None) -> RunClient:
        """Return a client of the service of *settings*, by default of the settings now.

        Raises:
            FlagError: The settings for the first run are wrong.
        """
        chosen = settings or self.settings_now()
        return client_of(chosen, self.token_for(chosen))

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

    def change_load(self, changes: Mapping[str, float | str]) -> None:
        """Note load flags of the open run that are changed from its next epoch on."""
        if self.settings is not None:
            self._load |= changes
            self.settings = replace(self.settings, **changes)  # type: ignore[arg-type]

    @property
    def elapsed(self) -> float | None:
        """Seconds since the start of the run; None while there is none."""
        return None if self.started_at is None else max(0.0, time.monotonic() - self._zero)

    def note_knobs(self, knobs: dict[str, Knob]) -> None:
        """Note that *knobs* are in force, because they were set or read before the run."""
        self._knobs_set_at = time.monotonic()
        self._take_over(knobs)

    def note_knobs_read(self, knobs: dict[str, Knob]) -> None:
        """Note *knobs* read from one process of the service, unless others were just set.

        Until they have reached every process of the service, one may still name the former ones.
        """
        if time.monotonic() - self._knobs_set_at > _KNOBS_REACH_ALL_SECONDS:
            self._take_over(knobs)

    def _take_over(self, knobs: dict[str, Knob]) -> None:
        self.knobs = knobs
        self.fenced = self.fenced and _is_fenced(knobs)
        self.note_part()

    def part_figures(self, tallies: Tallies) -> tuple[PartFigures, ...]:
        """Return what was measured so far in each part of the present or last run."""
        elapsed = self.elapsed
        return self.parts.figures(
            tallies.timeline, self.ended_after if elapsed is None else elapsed
        )

    def note_part(self) -> None:
        """Begin a new part of the run if its knobs, or what it sends, changed."""
        if self.elapsed is not None:
            self.parts.note(self.elapsed, self.knobs, self.sent)

    def open(self) -> LoadSettings:
        """Open a new run, clear the record of the last one, and return the settings of the new."""
        self.settings = settings_from(parsed_options(self._environment))
        self.started_at = None
        self.epochs = []
        self._load = {}
        self.is_open = True
        self.fenced = _is_fenced(self.knobs)
        self.parts = Parts()
        self.warm_mark = None
        self.key_reads.begin()
        self._record.open(self.settings)
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
        if self.epochs and self.has_fixed_users:
            logger.warning(FIXED_USERS)
            return None
        ours = scenarios_of(self._environment)
        users = {
            process: {name: count for name, count in counts.items() if name in ours}
            for process, counts in users.items()
        }
        begins_at, is_first = time.monotonic() + lead_seconds, self.started_at is None
        zero = begins_at if is_first else self._zero
        started_at = self.started_at or time.time() + lead_seconds
        epoch = Epoch(started_at, begins_at - zero, len(self.epochs), users, dict(self._load))
        if not epoch.processes:
            return None
        self.epochs.append(epoch)
        if is_first:
            self._record.begin(started_at)
        self.started_at, self._zero = started_at, zero
        self.parts.note(epoch.begins, self.knobs, self.sent)
        return epoch

    def conclude(self, tallies: Tallies, unreported: tuple[str, ...] = ()) -> None:
        """Write the summary of the open run, which has drained; do nothing if none is open.

        A run that was stopped before its users were spawned gets a summary of nothing.
        """
        if not self.is_open or self.settings is None:
            return
        self.is_open = False
        started_at, self.ended_after = self.started_at or time.time(), self.elapsed or 0.0
        self.key_reads.update(self.settings)
        parts = self.parts.figures(tallies.timeline, self.ended_after)
        outcome = Outcome(
            settings=self.settings,
            tallies=tallies,
            started_at=started_at,
            ended_at=started_at + self.ended_after,
            parts=with_replay(parts, self.replay.update(has_ended=True)),
            began_empty=self.began_empty,
            warm_tallies=self._warm_tallies(tallies),
            top_shares=self.top_shares,
            fenced=self.fenced,
            predicted_staleness=self.parts.predicted_staleness,
            unreported=unreported,
            key_hit_ratio=self.key_reads.hit_ratio,
        )
        self.started_at = None
        self._record.conclude(outcome)
        self._on_outcome(outcome)

    def _warm_tallies(self, tallies: Tallies) -> Tallies | None:
        if self.parts.first_warm == 0.0:
            return tallies
        return tallies.since(self.warm_mark) if self.warm_mark else None


def _is_fenced(knobs: Mapping[str, Knob]) -> bool:
    return knobs.get("fencing") == "on" and not knobs.get("near_seconds")  # These tiers may differ.
