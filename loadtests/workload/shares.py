"""Who does what: how the users of a run are numbered over scenarios and processes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from loadtests.workload.flags import FlagError

_EPOCH = 1_000_000  # no run has so many users


@dataclass(frozen=True)
class ScenarioShare:
    """One scenario's users in one process.

    Attributes:
        base: Number, among all users, of the scenario's first one.
        users: How many the scenario has in all.
        first: Number, within the scenario, of this process's first one.
        here: How many are in this process.
        nth: Number of this process among those that have the scenario.
        processes: How many processes have it.
    """

    base: int
    users: int
    first: int
    here: int
    nth: int
    processes: int

    def of(self, total: int, users: int) -> int:
        """Return the scenario's part of *total*, by its share of all *users*; parts add up."""
        return (self.base + self.users) * total // users - self.base * total // users


@dataclass(frozen=True)
class Share:
    """One process's part of a run.

    Attributes:
        started_at: Time zero of the run, unix seconds.
        begins: When this numbering takes effect, seconds since time zero.
        epoch: How often the users were changed while running; then everything is drawn anew.
        users: Locust users in all processes.
        process: Number of this process, from 0.
        processes: How many take part.
        leaders: How many of them are the first process of some scenario.
        scenarios: By scenario (User class) name.
    """

    started_at: float
    begins: float
    epoch: int
    users: int
    process: int
    processes: int
    leaders: int
    scenarios: Mapping[str, ScenarioShare]

    def slots(self, total: int, *, ordered: bool) -> int:
        """Return this process's part of *total* slots; all parts add up.

        Args:
            total: For all processes.
            ordered: Whether the first process of a scenario sends all of it: then each such
                process has one, the rest goes by their scenarios' users, and the others have none.

        Raises:
            FlagError: They are fewer than the processes that need one.
        """
        if not ordered:
            require_slots(total, self.processes)
            return total // self.processes + (self.process < total % self.processes)
        require_slots(total, self.leaders)
        led = [part for part in self.scenarios.values() if part.nth == 0]
        return bool(led) + sum(part.of(total - self.leaders, self.users) for part in led)

    def without_users(self) -> "Share":
        """Return the part of a process that is left without users in this numbering."""
        return replace(self, scenarios={})

    def stream(self, scenario: str, user: int = 0) -> int:
        """Return the number of a user's own random sequence, which no other of the run has.

        Args:
            scenario: Whose user; an open loop goes by the scenario's first one.
            user: Number within the scenario.
        """
        return _EPOCH * self.epoch + self.scenarios[scenario].base + user

    def packed(self) -> dict[str, Any]:
        """Return this as a message for a worker."""
        return asdict(self)


def require_slots(total: int, senders: int) -> None:
    """Refuse *total* slots that are too few for each of the processes that send to have one.

    Raises:
        FlagError: They are.
    """
    if total < senders:
        raise FlagError(
            f"max-in-flight must be at least {senders}, one for each process that sends,"
            f" got '{total}'; raise it or use fewer processes"
        )


def unpacked_share(message: Mapping[str, Any]) -> Share:
    """Return the share that `Share.packed` described."""
    scenarios = {name: ScenarioShare(**part) for name, part in message["scenarios"].items()}
    return Share(**{**message, "scenarios": scenarios})


def divide(
    started_at: float, begins: float, epoch: int, users: Mapping[str, Mapping[str, int]]
) -> dict[str, Share]:
    """Number all users: by scenario, then by process.

    Args:
        started_at: Time zero, unix seconds.
        begins: See `Share`.
        epoch: See `Share`.
        users: For each process its users by scenario.

    Returns:
        The share of each process that has users.
    """
    busy = sorted(name for name, counts in users.items() if sum(counts.values()))
    scenarios = sorted({scenario for counts in users.values() for scenario in counts})
    parts: dict[str, dict[str, ScenarioShare]] = {process: {} for process in busy}
    base = 0
    for scenario in scenarios:
        holders = [process for process in busy if users[process].get(scenario, 0)]
        total = sum(users[process][scenario] for process in holders)
        first = 0
        for nth, process in enumerate(holders):
            here = users[process][scenario]
            part = ScenarioShare(base, total, first, here, nth, len(holders))
            parts[process][scenario] = part
            first += here
        base += total
    leaders = sum(any(part.nth == 0 for part in led.values()) for led in parts.values())
    return {
        process: Share(started_at, begins, epoch, base, number, len(busy), leaders, parts[process])
        for number, process in enumerate(busy)
    }
