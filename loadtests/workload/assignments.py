"""Divides a run: what each loop of each process sends, decided here alone.

Every process divides the run by itself from the same numbers of users, so that only those have to
be sent to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from loadtests.traffic.arrivals import Arrivals, PacedArrivals, PoissonArrivals, RecordedArrivals
from loadtests.traffic.trace import Trace
from loadtests.workload.flags import FlagError
from loadtests.workload.load_settings import LoadSettings
from loadtests.workload.operations import ALL, Keys, Part, Turns
from loadtests.workload.scenario import Scenario, Workload

_USERS_PER_EPOCH = 1_000_000
"""More users than any run has: keeps the sequences of different epochs apart."""


@dataclass(frozen=True)
class Epoch:
    """A stretch of a run during which its users and its load stay the same.

    Attributes:
        started_at: Time zero of the run, unix seconds.
        begins: When the epoch begins, seconds since time zero.
        number: How often users or load were changed before; each epoch draws new sequences.
        users: For each process its users by scenario.
        load: The load flags that were changed since the start of the run, by name.
    """

    started_at: float
    begins: float
    number: int
    users: Mapping[str, Mapping[str, int]]
    load: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def processes(self) -> list[str]:
        """The processes that have users."""
        return sorted(name for name, counts in self.users.items() if sum(counts.values()))


@dataclass(frozen=True)
class Assignment:
    """What one loop sends.

    Attributes:
        scenario: Name of the scenario.
        arrivals: When the scenario's requests are due; None for a closed loop, which has no
            schedule.
        part: Which of the scenario's requests this loop sends.
        quota: How many requests the scenario has in all; None for no end.
        sequence: Number of the random sequence that the scenario's requests are drawn from.
        slots: How many requests may be under way for this loop; the loops of a process pool theirs.
    """

    scenario: str
    arrivals: Arrivals | None
    part: Part
    quota: int | None
    sequence: int
    slots: int = 0


@dataclass(frozen=True)
class _Group:
    """One scenario's users in one process.

    Attributes:
        scenario: Name of the scenario.
        process: Name of the process.
        base: Number, among all users of the run, of the scenario's first one.
        sequence: Number of that user's random sequence, which no other user of the run has.
        users: How many the scenario has in all processes.
        all_users: How many all scenarios have.
        first: Number, within the scenario, of this process's first one.
        here: How many are in this process.
        nth: Number of this process among those that have the scenario.
        processes: How many processes have it.
    """

    scenario: str
    process: str
    base: int
    sequence: int
    users: int
    all_users: int
    first: int
    here: int
    nth: int
    processes: int

    def part_of(self, total: int) -> int:
        """Return the scenario's part of *total* by users; the parts of all scenarios add up."""
        return (self.base + self.users) * total // self.all_users - (
            self.base * total // self.all_users
        )


def divide(
    epoch: Epoch, workload: Workload, scenarios: Mapping[str, Scenario]
) -> dict[str, list[Assignment]]:
    """Return what each process with users sends in *epoch*, by the process's name.

    Raises:
        FlagError: There are fewer slots than processes that send.
    """
    groups = _groups(epoch)
    ordered = any(workload.popularity(scenarios[group.scenario]).ordered for group in groups)
    # No request may overtake another one of an ordered scenario, so one process sends them all.
    sending = [group for group in groups if group.nth == 0] if ordered else groups
    slots = _slots(sending, workload.settings.max_in_flight, ordered=ordered)
    divided: dict[str, list[Assignment]] = {process: [] for process in epoch.processes}
    for group in sending:
        scenario = scenarios[group.scenario]
        divided[group.process] += _assignments(group, epoch, workload, scenario, ordered=ordered)
    return {process: _with_slots(own, slots.get(process, 0)) for process, own in divided.items()}


def require_slots(total: int, senders: int) -> None:
    """Refuse *total* slots if they are fewer than the processes that send.

    Raises:
        FlagError: They are.
    """
    if total < senders:
        raise FlagError(
            f"max-in-flight must be at least {senders}, one for each process that sends,"
            f" got '{total}'; raise it or use fewer processes"
        )


def _groups(epoch: Epoch) -> list[_Group]:
    """Return every scenario's users in every process, numbered by scenario, then by process."""
    processes, users = epoch.processes, epoch.users
    all_users = sum(sum(counts.values()) for counts in users.values())
    groups = []
    base = 0
    for scenario in sorted({name for counts in users.values() for name in counts}):
        here = [(name, users[name][scenario]) for name in processes if users[name].get(scenario)]
        total, first = sum(count for _, count in here), 0
        sequence = _USERS_PER_EPOCH * epoch.number + base
        for nth, (process, count) in enumerate(here):
            order = (first, count, nth, len(here))
            groups.append(_Group(scenario, process, base, sequence, total, all_users, *order))
            first += count
        base += total
    return groups


def _slots(sending: list[_Group], total: int, *, ordered: bool) -> dict[str, int]:
    """Return each sending process's part of *total* slots.

    Processes that share their scenarios have equal parts. A process that sends all of a scenario
    has one slot, and of the slots that are left its scenarios' part by users.
    """
    processes = sorted({group.process for group in sending})
    require_slots(total, len(processes))
    if not ordered:
        return dict(zip(processes, _evenly(total, len(processes)), strict=True))
    slots = dict.fromkeys(processes, 1)
    for group in sending:
        slots[group.process] += group.part_of(total - len(processes))
    return slots


def _assignments(
    group: _Group, epoch: Epoch, workload: Workload, scenario: Scenario, *, ordered: bool
) -> list[Assignment]:
    """Return a scenario's loops in one process: one open loop, or a closed one for each user."""
    settings = workload.settings
    quota = group.part_of(settings.requests) if settings.requests else None
    if scenario.closed_loop:
        quotas = [None] * group.users if quota is None else _evenly(quota, group.users)
        here = group.users if ordered else group.here
        return [
            Assignment(group.scenario, None, ALL, quotas[user], group.sequence + user)
            for user in range(group.first, group.first + here)
        ]
    part: Part = Turns(group.first, group.here, group.users)
    if ordered:
        part = ALL
    elif scenario.writes:
        part = Keys(group.nth, group.processes)
    arrivals = _arrivals(group, epoch.begins, settings, workload.trace)
    return [Assignment(group.scenario, arrivals, part, quota, group.sequence)]


def _arrivals(
    group: _Group, begins: float, settings: LoadSettings, trace: Trace | None
) -> Arrivals:
    """Return the arrivals of a whole scenario: its users' part of the total rate."""
    if trace is not None and trace.times is not None and settings.trace_times == "yes":
        return RecordedArrivals(trace.times)
    rate = settings.rate * group.users / group.all_users
    if settings.arrivals == "paced":
        # Scenarios side by side must not send in step.
        phase = group.base / group.all_users
        return PacedArrivals(rate, settings.rate_shape, phase, begins)
    return PoissonArrivals(rate, settings.rate_shape, settings.seed, group.sequence, begins)


def _evenly(total: int, count: int) -> list[int]:
    """Divide *total* into *count* parts that differ by at most 1, the larger ones first."""
    return [total // count + (number < total % count) for number in range(count)]


def _with_slots(assignments: list[Assignment], slots: int) -> list[Assignment]:
    parts = _evenly(slots, len(assignments)) if assignments else []
    return [replace(each, slots=part) for each, part in zip(assignments, parts, strict=True)]
