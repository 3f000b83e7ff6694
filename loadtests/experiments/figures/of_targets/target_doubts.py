"""Doubts about a trial of a target: a service of one's own, which tells less than ours."""

from collections.abc import Iterator

from loadtests.experiments.figures.doubt import Case, Doubt
from loadtests.experiments.records.counting import CLIENT, COUNTERS, REDIS, SERVICE
from loadtests.service_under_test.contract import UNKNOWN_RESULT, says_enough
from loadtests.service_under_test.counters import is_complete, went_backwards


def target_doubts(case: Case) -> Iterator[Doubt]:
    """Yield what cannot be known of a target's trial, or only with doubt."""
    if case.record.counted_by == SERVICE:
        return
    yield from _unsaid_results(case)
    yield from _older_entries(case)


def _unsaid_results(case: Case) -> Iterator[Doubt]:
    unsaid = case.lookups.get(UNKNOWN_RESULT, 0)
    if not says_enough(case.lookups):
        yield Doubt(
            "results-unknown",
            f"{unsaid} of {sum(case.lookups.values())} answers did not say whether they came from"
            " a cache, so the hit ratio is unknown",
            "name what says it with --target-result, its Redis with --redis-url, or its counters in"
            " [counters] of --target-file",
            "note",
        )
        yield from _unsound_counters(case)
    if case.record.counted_by == COUNTERS:
        yield Doubt(
            "counted-by-counters",
            "hits and misses are those that the target counts in its metrics",
            "let nobody else use the target; one lookup must count once",
            "note",
        )
    if case.record.counted_by == REDIS:
        yield Doubt(
            "counted-by-redis",
            "hits and misses are keys that Redis found and did not find, by its INFO",
            "let nobody else use this Redis; one lookup must read one key",
            "note",
        )


def _unsound_counters(case: Case) -> Iterator[Doubt]:
    """Say why counters that were read do not tell the hit ratio."""
    reads = [reading.counters.key_reads for reading in case.record.readings]
    if case.record.counted_by != CLIENT or not any(reads):
        return
    if went_backwards(reads):
        yield Doubt(
            "counters-backwards",
            "a counter of hits or misses went backwards between two readings, so the hit ratio is"
            " unknown",
            "run the trial again without a restart of what counts; name all of its processes",
            "note",
        )
    elif not all(map(is_complete, reads)):
        missing = sum(not is_complete(each) for each in reads)
        yield Doubt(
            "counters-missing",
            f"{missing} of {len(reads)} readings lacked the counter of hits or that of misses, so"
            " the hit ratio is unknown",
            "correct the names in [counters] of --target-file",
            "note",
        )


def _older_entries(case: Case) -> Iterator[Doubt]:
    """Check that no entry of an earlier trial lived into the window."""
    until, readings = case.record.older_until, case.record.readings
    if case.record.new_keys or not readings:
        return
    advice = (
        "give more keys with --target-keys, as many as --items times the trials: each trial then"
        " asks for keys of its own"
    )
    if until is None:
        text = "what the target's cache held at the start is unknown: nothing of it was removed"
        yield Doubt("not-emptied", text, advice, "note")
        return
    left = until - readings[0].at
    known = f"entries of an earlier trial could live {max(0.0, left):.1f} s into the window"
    if left > 0:
        yield Doubt("older-entries", known, advice)
