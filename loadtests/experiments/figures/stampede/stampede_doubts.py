"""Doubts about a trial of the stampede bench: whether something held up its loads."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from loadtests.experiments.figures.doubt import Doubt
from loadtests.experiments.figures.doubts import doubts_of
from loadtests.experiments.figures.trial_figures import counted_in_window
from loadtests.experiments.figures.window_loads import loads_in_window
from loadtests.experiments.plan.stampede_plan import StampedePlan
from loadtests.experiments.records.polls import Poll
from loadtests.experiments.records.records import TrialRecord

LATE_LOAD_SHARE = 0.1
"""Of a load's duration: requests that start later shift into or out of a refresh."""

SLOW_LOAD_SHARE = 0.2
"""Of a load's duration: hits that take longer wait for the processor, as do loads and fills."""

FILL_SHIFT = 0.05
"""The loads of an unprotected refresh grow with the duration of a load, and so does its shift."""

FEWEST_LOADS = 10

LONG_POLL_SHARE = 0.25
"""Of a TTL: where two readings of the loads are further apart, two refreshes may count as one."""


def stampede_doubts(
    record: TrialRecord,
    plan: StampedePlan,
    polls: Sequence[Poll],
    p99_between_seconds: float | None,
) -> list[Doubt]:
    """Return every reason to doubt the trial of one protection.

    Args:
        record: The trial.
        plan: Duration of a load and TTL.
        polls: Readings of the loads during the trial.
        p99_between_seconds: Response time between refreshes, where every lookup hits.
    """
    counted = counted_in_window(record)
    ended_at = record.load["ended_at"] if record.load else None
    seconds = ended_at - record.started_at if ended_at and record.started_at else None
    found = doubts_of(record, counted.lookups if counted else {}, seconds, [])
    load_seconds = plan.store_delay_seconds
    reasons = [
        *_held_up(record, load_seconds, p99_between_seconds),
        *_seldom_read(polls, plan.ttl_seconds),
    ]
    if reasons and not record.aborted:
        text = f"the machine was too busy for loads of {load_seconds * 1000:g} ms: "
        advice = "run nothing else on the machine, then measure again"
        found.append(Doubt("held-up", text + "; ".join(reasons), advice))
    return found


def _held_up(
    record: TrialRecord, load_seconds: float, p99_between_seconds: float | None
) -> Iterator[str]:
    slip = (record.load or {}).get("slip_p99_seconds")
    if slip is not None and slip > LATE_LOAD_SHARE * load_seconds:
        yield f"1 % of the requests started at least {slip * 1000:.0f} ms late"
    if p99_between_seconds is not None and p99_between_seconds > SLOW_LOAD_SHARE * load_seconds:
        yield f"1 % of the hits between refreshes took at least {p99_between_seconds * 1000:.0f} ms"
    probed = record.prediction and record.prediction.fill_seconds
    measured = loads_in_window(record)
    if probed and measured.mean_seconds is not None and measured.loads >= FEWEST_LOADS:
        mean = measured.mean_seconds
        if abs(mean - probed) > FILL_SHIFT * probed:
            yield f"a load took {mean * 1000:.0f} ms, in the probe {probed * 1000:.0f} ms"


def _seldom_read(polls: Sequence[Poll], ttl_seconds: float) -> Iterator[str]:
    longest = max((later.until - earlier.at for earlier, later in pairwise(polls)), default=0.0)
    if longest > LONG_POLL_SHARE * ttl_seconds:
        yield f"the loads could not be read for {longest * 1000:.0f} ms"
