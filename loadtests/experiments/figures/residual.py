"""Whether a trial is like the replay of its very arrivals, which knows no sampling error."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from loadtests.experiments.figures.doubt import Case, Doubt
from loadtests.experiments.records.counting import SERVICE
from loadtests.experiments.records.records import TrialRecord
from loadtests.replay.trial_replay import ReplayRecord
from loadtests.service_under_test.contract import (
    HIT_RESULTS,
    count_cache_lookups,
    count_hits,
    hit_ratio,
    near_ratio,
)

RESIDUAL = 0.003
"""Of the hit ratio: quiet trials differ from their replay by less."""

NEAR_RESIDUAL = 0.01
"""Of the share of near lookups, which the machine's lateness moves more than the hit ratio."""

LATENESS_FACTOR = 3.0
"""A machine that is late moves a trial by up to three times its usual deviation."""


def residual_of(record: TrialRecord, lookups: Mapping[str, int]) -> float | None:
    """Return the measured less the replayed hit ratio; None if one of them is unknown.

    Args:
        record: The trial.
        lookups: By result, within the window.
    """
    measured = hit_ratio(lookups)
    replayed = record.replay.hit_ratio if record.replay else None
    return None if measured is None or replayed is None else measured - replayed


def most_residual(replay: ReplayRecord) -> float:
    """Return the largest residual of a trial that nothing but the machine disturbed."""
    return max(RESIDUAL, LATENESS_FACTOR * (replay.lateness or 0.0))


def unlike_replay(case: Case) -> Iterator[Doubt]:
    """Yield a doubt if the hit ratio differs from the replay's by more than lateness explains."""
    residual, replay = residual_of(case.record, case.lookups), case.record.replay
    if residual is None or replay is None or abs(residual) <= most_residual(replay):
        return
    text = (
        f"the hit ratio is {abs(residual) * 100:.1f} points {'above' if residual > 0 else 'below'} "
        f"that of the replay of its own arrivals{_where(case.record, replay)}; the machine "
        f"explains {most_residual(replay) * 100:.1f} points"
    )
    if case.record.counted_by != SERVICE:
        yield Doubt("unlike-replay", text, _OF_A_TARGET, "note")
        return
    yield Doubt("unlike-replay", text, _MORE_HITS if residual > 0 else _FEWER_HITS)


def near_unlike_replay(case: Case) -> Iterator[Doubt]:
    """Yield a doubt if the near tiers answered another share than in the replay."""
    measured, replay = near_ratio(case.lookups), case.record.replay
    replayed = replay.near_ratio if replay else None
    if measured is None or replayed is None or abs(measured - replayed) <= NEAR_RESIDUAL:
        return
    text = (
        f"near tiers answered {measured * 100:.1f} % of the lookups, "
        f"{replayed * 100:.1f} % in the replay of the trial's own arrivals"
    )
    yield Doubt("near-unlike-replay", text, _OTHER_NEAR, "latency")


_OTHER_NEAR = (
    "a near tier is off while Redis is late in telling it that nothing changed; measure again with "
    "nothing else on the machine, and read the service's log"
)
_OF_A_TARGET = (
    "the replay takes the TTL that was told, instant loads and a cache that removes nothing early: "
    "find which of them the target does not keep, or who else asks for these keys"
)
_MORE_HITS = (
    "find who else reads these ids or made entries live longer, then measure again with this "
    "service and its Redis left alone"
)
_FEWER_HITS = (
    "find what else removed entries or kept loads from filling them (DEL, UNLINK or FLUSHDB in "
    "Redis, another service on the same keys), then measure again"
)


def _where(record: TrialRecord, replay: ReplayRecord) -> str:
    """Return in which batch they differ most; nothing for a trial that is measured whole."""
    if record.window is None or record.started_at is None:
        return ""
    batches = zip(pairwise(record.readings), replay.batches, strict=False)
    hits = [
        (abs(_excess(later.counters.since(earlier.counters).lookups, expected)), earlier, later)
        for (earlier, later), expected in batches
    ]
    _, earlier, later = max(hits, key=lambda each: each[0])
    begun = record.started_at
    return f", most between {earlier.at - begun:.1f} and {later.at - begun:.1f} s"


def _excess(counted: Mapping[str, int], expected: Mapping[str, float]) -> float:
    """Return how many more lookups hit than should have of those that were counted."""
    lookups = sum(expected.values())
    share = sum(expected.get(word, 0.0) for word in HIT_RESULTS) / lookups if lookups else 0.0
    return count_hits(counted) - share * count_cache_lookups(counted)
