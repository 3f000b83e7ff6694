"""Doubts about a trial that something outside it changed, from conditions read while it ran."""

from collections.abc import Iterator
from itertools import pairwise

from loadtests.experiments.figures.doubt import Case, Doubt
from loadtests.experiments.figures.window_loads import loads_in_window
from loadtests.service_under_test.conditions import CLEARED, WRITES, Conditions

CLOCK_STEP_SECONDS = 0.1
CLOCK_DRIFT = 0.001  # Twice what a clock is slewed by at most.
FEWEST_LOADS = 30  # Fewer have no mean to compare.
FILL_FACTOR = 2.0  # A busy machine varies the mean load time by less than this,
FILL_SECONDS = 0.005  # or than this.
FILL_TTL_SHARE = 0.01  # A shift by more of the TTL moves the hit ratio too.
FILLS_LOST_RATIO = 0.01
FIND_OUT = "find out why in its log, then measure again"
ALONE = "let nobody else use this service and its Redis while it is measured"


def changes_between_readings(case: Case) -> Iterator[Doubt]:
    """Yield a doubt for each change that shows when it happened; aborted trials have them too."""
    for earlier, later in pairwise(case.record.conditions):
        for check in (_knobs, _service_restarts, _clock):
            yield from check(case, earlier, later)
    # A Redis that starts anew cannot be read meanwhile: what is known stands side by side.
    for earlier, later in pairwise(each for each in case.record.conditions if each.redis):
        yield from _redis_restarts(case, earlier, later)


def interference(case: Case) -> Iterator[Doubt]:
    """Yield a doubt for everything that changed while the trial ran."""
    yield from changes_between_readings(case)
    yield from _evictions_expected(case)
    yield from _refused_fills(case)
    read = case.record.conditions
    if len(read) > 1:
        yield from _evictions(case, read[0], read[-1])
        yield from _foreign_changes(case, read[0], read[-1])
    yield from _fill_time(case)
    yield from _store_errors(case)


def _knobs(case: Case, earlier: Conditions, later: Conditions) -> Iterator[Doubt]:
    before, after = earlier.service, later.service
    changed = [
        f"{name} from {before.knobs.get(name)} to {value}"
        for name, value in after.knobs.items()
        if before.knobs.get(name) != value
    ]
    # One change to the same values is none; two may have been there and back.
    if not changed and (after.knobs_version or 0) > (before.knobs_version or 0) + 1:
        changed = ["they were changed and set back"]
    if changed:
        text = f"knobs changed {_when(case, earlier, later)}: {', '.join(changed)}"
        yield Doubt("knobs-changed", text, ALONE)


def _service_restarts(case: Case, earlier: Conditions, later: Conditions) -> Iterator[Doubt]:
    if earlier.service.process_starts != later.service.process_starts:
        text = f"the service was restarted {_when(case, earlier, later)}"
        yield Doubt("service-restarted", text, FIND_OUT)


def _redis_restarts(case: Case, earlier: Conditions, later: Conditions) -> Iterator[Doubt]:
    if earlier.redis and later.redis and earlier.redis.run_id != later.redis.run_id:
        text = f"Redis was restarted {_when(case, earlier, later)}"
        yield Doubt("redis-restarted", text, FIND_OUT)


def _clock(case: Case, earlier: Conditions, later: Conditions) -> Iterator[Doubt]:
    step = later.clock_offset - earlier.clock_offset
    passed = later.at - earlier.at - step
    if abs(step) > CLOCK_STEP_SECONDS + CLOCK_DRIFT * passed:
        way = "forward" if step > 0 else "back"
        text = f"the clock jumped {way} by {abs(step):.1f} s {_when(case, earlier, later)}"
        yield Doubt("clock-jumped", text, "let nothing set the clock while it is measured")


def _evictions(case: Case, first: Conditions, last: Conditions) -> Iterator[Doubt]:
    if first.redis is None or last.redis is None or first.redis.run_id != last.redis.run_id:
        return
    evicted = last.redis.evicted_keys - first.redis.evicted_keys
    if evicted:
        # Evictions that the prediction counts on disturb nothing.
        expected = case.record.prediction is not None and case.record.prediction.crowding
        advice = "raise Redis' maxmemory, or use fewer items: theory assumes that entries expire"
        text = f"Redis evicted {evicted} keys for want of memory"
        yield Doubt("evictions", text, advice, "note" if expected else "trial")


def _evictions_expected(case: Case) -> Iterator[Doubt]:
    crowding = case.record.prediction and case.record.prediction.crowding
    if crowding:
        text = (
            f"Redis' maxmemory holds about {crowding.room_entries:.0f} entries, and about "
            f"{crowding.live_entries:.0f} would be alive: evictions are to be expected"
        )
        yield Doubt("evictions-expected", text, "raise maxmemory to measure the TTL alone", "note")


def _refused_fills(case: Case) -> Iterator[Doubt]:
    """Check that a Redis short of memory takes fills: where it has a replay, that shows it."""
    crowding = case.record.prediction and case.record.prediction.crowding
    before, after = case.record.before, case.record.after
    if not crowding or before is None or after is None:
        return
    fills = after.service.since(before.service).fills
    # Without writes a fill is fenced where Redis evicted what the load had noted of its item.
    lost = fills.get("failed", 0) + (0 if case.load.get("writes") else fills.get("fenced", 0))
    if lost > FILLS_LOST_RATIO * sum(fills.values()):
        yield Doubt(
            "fills-lost",
            f"Redis had no room for {lost} of {sum(fills.values())} fills",
            "give it more room, or run nothing else on the machine: the buffers of its connections "
            "take from the same memory, and theory knows nothing of them",
        )


def _foreign_changes(case: Case, first: Conditions, last: Conditions) -> Iterator[Doubt]:
    if first.service.process_starts != last.service.process_starts:
        return  # The counts began anew.
    before, after = first.service.changes, last.service.changes
    foreign = sum(after[word] - before[word] for word in WRITES) - (case.load.get("writes") or 0)
    # A write whose answer was lost, or that failed at the sender, may still have been made.
    if foreign > (case.load.get("failed_writes") or 0):
        text = f"{foreign} writes to the fruit are not ours"
        yield Doubt("foreign-writes", text, ALONE)
    # The load generator empties the cache itself before traces and writes.
    own = case.load.get("cache_at_start") == "empty"
    cleared = after[CLEARED] - before[CLEARED] - own
    if cleared > 0:
        times = "once" if cleared == 1 else f"{cleared} times"
        yield Doubt("cache-cleared", f"another cleared the cache {times}", ALONE)


def _fill_time(case: Case) -> Iterator[Doubt]:
    """Compare the mean load in the window with the fill time that the prediction used."""
    probed = case.record.prediction and case.record.prediction.fill_seconds
    measured = loads_in_window(case.record)
    if not probed or measured.mean_seconds is None or measured.loads < FEWEST_LOADS:
        return
    mean = measured.mean_seconds
    shift = abs(mean - probed)
    if shift > FILL_SECONDS and not probed / FILL_FACTOR <= mean <= probed * FILL_FACTOR:
        ttl = case.record.trial.ttl_seconds
        yield Doubt(
            "fill-time-changed",
            f"a load took {mean * 1000:.1f} ms on average, but {probed * 1000:.1f} ms in the probe "
            "that the prediction is made from",
            "let the database settle and run nothing else beside it, then measure again",
            "trial" if shift > FILL_TTL_SHARE * ttl else "latency",
        )


def _store_errors(case: Case) -> Iterator[Doubt]:
    before, after = case.record.before, case.record.after
    if before is None or after is None:
        return
    queries = after.service.since(before.service).store_queries
    failed = sum(count for labels, count in queries.items() if labels.endswith(" error"))
    if failed > 0:
        text = f"the database failed {failed} queries"
        yield Doubt("store-errors", text, "read the logs of the service and the database")


def _when(case: Case, earlier: Conditions, later: Conditions) -> str:
    """Return between which two readings, in seconds after the first arrival."""
    begun = case.record.started_at
    if begun is None or earlier.at < begun:
        return f"before {max(0.0, later.at - (begun or later.at)):.1f} s"
    return f"between {earlier.at - begun:.1f} and {later.at - begun:.1f} s"
