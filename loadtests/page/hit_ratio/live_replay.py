"""Replays the present run beside it: what its very arrivals should have found in the cache."""

from locust.env import Environment

from loadtests.replay.arrival_sequence import ArrivalSequence
from loadtests.replay.replayed_run import ReplayedRun
from loadtests.replay.run_replay import InForce, RunReplay, why_not_replayed
from loadtests.run.ledger import Ledger
from loadtests.run.load_user import scenarios_of
from loadtests.run.run_parts import Part
from loadtests.workload.scenario import Scenario

LAG_SECONDS = 3.0
"""How far the replay stays behind: changes are known so long after they were made."""

MOST_LOOKUPS = 2_000_000
"""The replay of a longer run ends here, for want of memory."""

MOST_PER_SECOND = 5000.0
"""A faster run is not replayed, because its requests need the processor."""


class LiveReplay:
    """Keeps a replay of the present run, as far as that has come.

    Args:
        environment: Locust's environment, which knows the scenarios.
        ledger: Knows the run: its settings, its epochs, its parts.
    """

    def __init__(self, environment: Environment, ledger: Ledger) -> None:
        self._environment = environment
        self._ledger = ledger
        self._run: float | None = None
        self._replay: RunReplay | None = None
        self._epochs = 0
        self._parts = 0
        self._result: ReplayedRun | None = None

    def update(self) -> ReplayedRun | None:
        """Replay what has become due, and return the whole replay; None if there is none."""
        ledger = self._ledger
        if ledger.started_at is not None and ledger.started_at != self._run:
            self._run = ledger.started_at
            self._replay = self._begin()
            self._result = None
        if self._replay is None:
            return None
        ended = ledger.ended_after if ledger.elapsed is None else ledger.elapsed - LAG_SECONDS
        if ended > (self._result.seconds if self._result else 0.0) and not self._is_full():
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
        arrivals = ArrivalSequence(
            ledger.workload_of(settings), scenarios, ledger.epochs[0], len(settings.service_urls)
        )
        self._epochs = self._parts = 1
        return RunReplay(arrivals, _in_force(part), "cold" if ledger.began_empty else "unknown")

    def _scenarios(self) -> dict[str, Scenario]:
        """Return the scenarios of the run by name."""
        sent = {name for users in self._ledger.epochs[0].users.values() for name in users}
        known = scenarios_of(self._environment)
        return {name: known[name] for name in sorted(sent) if name in known}

    def _advance(self, replay: RunReplay, until: float) -> None:
        """Replay up to a time, with the changes of users, load and knobs on the way."""
        parts = list(self._ledger.parts)
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

    def _is_full(self) -> bool:
        return self._result is not None and self._result.answers.size > MOST_LOOKUPS


def _in_force(part: Part) -> InForce:
    # Without the delay that was asked for, a fill takes too short to matter for the hit ratio.
    return InForce(part.knobs, float(part.knobs.get("store_delay_seconds", 0.0)))
