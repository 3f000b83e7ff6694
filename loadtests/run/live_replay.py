"""Replays the present run beside it: what its very arrivals should have found in the cache."""

from typing import Protocol

from locust.env import Environment

from loadtests.replay.arrival_sequence import ArrivalSequence
from loadtests.replay.replay_so_far import ReplaySoFar
from loadtests.replay.run_replay import InForce, RunReplay, why_not_replayed
from loadtests.run.load_user import scenarios_of
from loadtests.run.run_parts import Part, Parts
from loadtests.workload.assignments import Epoch
from loadtests.workload.flags import FlagError
from loadtests.workload.load_settings import LoadSettings
from loadtests.workload.scenario import Scenario, Workload

LAG_SECONDS = 3.0
"""How far the replay stays behind: changes are known so long after they were made."""

MOST_PER_SECOND = 5000.0
"""A faster run is not replayed, because its requests need the processor."""


class FollowedRun(Protocol):
    """What the ledger knows of the present or last run; see there."""

    started_at: float | None
    ended_after: float
    epochs: list[Epoch]
    parts: Parts
    began_empty: bool

    @property
    def elapsed(self) -> float | None:
        """Seconds since the start of the run; None while there is none."""

    def settings_now(self) -> LoadSettings:
        """Return the settings of the run."""

    def workload_of(self, settings: LoadSettings) -> Workload:
        """Return the workload of the run."""


class LiveReplay:
    """Keeps a replay of the present run, as far as that has come.

    Args:
        environment: Locust's environment, which knows the scenarios.
        ledger: Knows the run.
    """

    def __init__(self, environment: Environment, ledger: FollowedRun) -> None:
        self._environment = environment
        self._ledger = ledger
        self._run: float | None = None
        self._replay: RunReplay | None = None
        self._epochs = 0
        self._parts = 0
        self._result: ReplaySoFar | None = None

    def update(self, *, has_ended: bool = False) -> ReplaySoFar | None:
        """Replay what has become due, and return the whole replay; None if there is none.

        Args:
            has_ended: Whether no change of the present run can be unknown any more.
        """
        ledger = self._ledger
        if ledger.started_at is not None and ledger.started_at != self._run:
            self._run = ledger.started_at
            self._result = None
            try:
                self._replay = self._begin()
            except FlagError:  # The senders refuse these settings too, and say why.
                self._replay = None
        if self._replay is None:
            return None
        elapsed = None if has_ended else ledger.elapsed
        ended = ledger.ended_after if elapsed is None else elapsed - LAG_SECONDS
        if ended > (self._result.seconds if self._result else 0.0):
            self._advance(self._replay, ended)
            self._result = self._replay.result()
        return self._result

    def _begin(self) -> RunReplay | None:
        ledger = self._ledger
        settings, scenarios, part = ledger.settings_now(), self._scenarios(), ledger.parts.first
        if part is None or "ttl_seconds" not in part.knobs:
            return None
        if settings.rate > MOST_PER_SECOND or why_not_replayed(scenarios):
            return None
        if settings.target is not None and not settings.target.has_one_entry_for_a_key:
            return None
        arrivals = ArrivalSequence(
            ledger.workload_of(settings), scenarios, ledger.epochs[0], len(settings.service_urls)
        )
        self._epochs = self._parts = 1
        return RunReplay(arrivals, _in_force(part), "cold" if ledger.began_empty else "unknown")

    def _scenarios(self) -> dict[str, Scenario]:
        """Return the scenarios of the run by name; workers also name those without a user."""
        users = self._ledger.epochs[0].users.values()
        sent = {name for counts in users for name, count in counts.items() if count}
        known = scenarios_of(self._environment)
        return {name: known[name] for name in sorted(sent) if name in known}

    def _advance(self, replay: RunReplay, until: float) -> None:
        """Replay up to a time, with the changes of users, load and knobs on the way."""
        parts = list(self._ledger.parts)
        for known in parts:
            replay.mark(known.begins, known.warm_from)
        while True:
            epoch = next(iter(self._ledger.epochs[self._epochs :]), None)
            part = next(iter(parts[self._parts :]), None)
            if part is not None and part.begins <= min(until, epoch.begins if epoch else until):
                replay.change(part.begins, _in_force(part))
                self._parts += 1
            elif epoch is not None and epoch.begins <= until:
                replay.begin(epoch)
                self._epochs += 1
            else:
                break
        replay.advance(until)


def _in_force(part: Part) -> InForce:
    # Without the delay that was asked for, a fill takes too short to matter for the hit ratio.
    return InForce(part.knobs, float(part.knobs.get("store_delay_seconds", 0.0)))
