"""Runs trials one after another, and saves each as soon as it has ended."""

import math
import os
from collections.abc import Callable
from functools import partial

from loadtests.experiments.plan.load import Load
from loadtests.experiments.records.counting import SERVICE
from loadtests.experiments.records.records import Drained, Reading, TrialRecord
from loadtests.experiments.trial.client_counts import count_for
from loadtests.experiments.trial.locust_process import LoadError, LocustRun, Summary
from loadtests.experiments.trial.parts import Bench, Probed, TrialPlan, seconds_since
from loadtests.replay.trial_replay import TrialReplay, lateness_of
from loadtests.service_under_test.client import PROBES_LEFT_OUT, ServiceError
from loadtests.service_under_test.conditions import Conditions, RedisConditions

PROBES = PROBES_LEFT_OUT + 20  # Loads timed before a trial.
LONGEST_SLEEP_SECONDS = 0.25  # Between checks that the traffic still runs.
QUIET_READINGS = 10  # Tries to read service and Redis at one moment.
LATEST_READING_SECONDS = 5.0  # After the end of the window; arrivals are replayed up to then.

_UNKNOWN_AT_FIRST = ("prediction", "predicted_at", "started_at", "before", "after", "load")

Watch = Callable[[Bench, TrialPlan, TrialRecord, LocustRun], Summary]
"""Measures while the traffic runs, ends it, and returns its summary."""


def run_trials(bench: Bench, load: Load, trials: list[TrialPlan]) -> None:
    """Run trials in order; one that fails is saved as aborted, and the next begins.

    Those without traffic of their own send *load*. A KeyboardInterrupt propagates after the trial
    that it interrupts is saved.
    """
    older: float | None = None  # Of what was before the first trial nothing is known.
    for trial in trials:
        watch = _replay_whole if trial.window is None else _watch_window
        run_trial(bench, load, trial, watch, older)
        ends = bench.clock.time() + trial.trial.ttl_seconds
        older = max(older or ends, ends)


def run_trial(
    bench: Bench, load: Load, plan: TrialPlan, watch: Watch, older_until: float | None = None
) -> None:
    """Run one trial and save its record, as aborted if it fails or is interrupted.

    Args:
        bench: The parts that trials share.
        load: The traffic.
        plan: The trial.
        watch: Measures while the traffic runs.
        older_until: Until when entries of earlier trials may live in a cache that is not emptied.
    """
    is_ours = bench.counted_by == SERVICE
    notes = TrialRecord(
        trial=plan.trial,
        knobs={},
        window=plan.window,
        readings=[],
        aborted="interrupted",
        conditions=[],
        counted_by=bench.counted_by,
        new_keys=None if is_ours else plan.new_keys,
        older_until=None if is_ours or plan.new_keys else older_until,
        **dict.fromkeys(_UNKNOWN_AT_FIRST),
    )
    folder = bench.scratch / f"load-{plan.trial.number:02d}"
    folder.mkdir(parents=True)
    try:
        traffic = plan.load or load
        start = partial(bench.load.start, traffic, plan.trial.seed, folder, plan.arguments)
        replay = _measure(bench, plan, notes, start, watch)
        if replay is not None:
            notes.replay = replay.record(_edges(notes), lateness_of(bench.read_samples(folder)))
        notes.aborted = None
    except (LoadError, ServiceError) as error:
        notes.aborted = _with_time(str(error), bench, notes)
    finally:
        samples = bench.read_samples(folder)
        if not is_ours:
            count_for(notes, samples, bench.told_by)
        bench.save(notes, samples)
        bench.progress.finished(notes)


def _measure(
    bench: Bench, plan: TrialPlan, notes: TrialRecord, start: Callable[[], LocustRun], watch: Watch
) -> TrialReplay | None:
    """Measure a trial, and return its replay, which was made before its traffic."""
    bench.progress.phase(plan.trial, "prepare")
    replay = _prepare(bench, plan, notes)
    notes.before = before = drained(bench)
    notes.conditions.append(read_conditions(bench))
    run = start()
    try:
        notes.started_at = run.started_at()
        if plan.window is None:
            notes.readings.append(Reading(notes.started_at, before.service))
        notes.load = watch(bench, plan, notes, run)
    except BaseException:
        run.kill()
        raise
    notes.after = drained(bench)
    notes.conditions.append(read_conditions(bench))
    if plan.window is None:
        notes.readings.append(Reading(notes.load["ended_at"], notes.after.service))
    return replay


def _edges(notes: TrialRecord) -> list[float]:
    """Return when the counters were read, in seconds after the first arrival."""
    if notes.window is None:
        return [0.0, math.inf]
    return [reading.at - (notes.started_at or 0.0) for reading in notes.readings]


def _prepare(bench: Bench, plan: TrialPlan, notes: TrialRecord) -> TrialReplay | None:
    """Set knobs, time loads on an empty cache, empty it again, predict and replay."""
    bench.service.set_knobs(plan.knobs)
    bench.service.clear_cache()
    if bench.redis and plan.memory:
        bench.redis.lift_limit()
    fill_seconds = bench.service.probe_fill_seconds(plan.probe_ids, PROBES)
    limit = None  # How large the entries of a target are is not known.
    if bench.redis and bench.counted_by == SERVICE:
        limit = bench.redis.memory_limit(plan.probe_ids)
    entry_bytes = bench.redis.entry_bytes(plan.probe_ids) if bench.redis and plan.memory else 0
    bench.service.clear_cache()
    if bench.redis and plan.memory and plan.memory.entries:
        limit = bench.redis.limit_to(plan.memory.entries, plan.memory.policy, entry_bytes)
    notes.knobs = bench.service.knobs()
    if plan.window is not None and plan.trial.ttl_seconds > 0:
        notes.window = plan.window.with_fills(fill_seconds or 0.0)
    if plan.lookups_per_second is not None:
        notes.lookups_per_second = plan.lookups_per_second(notes.window)
    probed = Probed(notes.knobs, fill_seconds, bench.service.processes, limit)
    notes.prediction = plan.predict(probed, notes.window)
    replay = None
    # The replay knows nothing of evictions.
    if plan.replay is not None and fill_seconds is not None and not notes.prediction.crowding:
        ends = notes.window.closes + LATEST_READING_SECONDS if notes.window else math.inf
        replay = plan.replay(probed, ends)
    notes.predicted_at = bench.clock.time()
    return replay


def _watch_window(bench: Bench, plan: TrialPlan, notes: TrialRecord, run: LocustRun) -> Summary:
    """Read the counters at each edge of the window's batches, then stop the traffic."""
    bench.progress.phase(plan.trial, "warm-up")
    passed = seconds_since(bench.clock, notes.started_at or 0.0)
    for index, edge in enumerate(notes.window.edges if notes.window else []):
        _wait(bench, plan, run, passed, edge)
        began = passed()
        counters = bench.service.counters()
        at = (notes.started_at or 0.0) + (began + passed()) / 2
        notes.readings.append(Reading(at, counters))
        notes.conditions.append(read_conditions(bench))
        if index == 0:
            bench.progress.phase(plan.trial, "measure")
    bench.progress.phase(plan.trial, "collect")
    return run.stop()


def _replay_whole(bench: Bench, plan: TrialPlan, notes: TrialRecord, run: LocustRun) -> Summary:
    """Wait for a trace to end by itself; all of it is measured."""
    bench.progress.phase(plan.trial, "measure")
    passed = seconds_since(bench.clock, notes.started_at or 0.0)
    while not run.ended():
        bench.progress.loaded(plan.trial, min(passed(), plan.expected_seconds))
        if passed() > 2 * plan.expected_seconds + 60:
            raise LoadError(f"the trace took over twice its {plan.expected_seconds:.0f} s")
        bench.clock.sleep(LONGEST_SLEEP_SECONDS)
        _keep_room(bench, plan)
    bench.progress.phase(plan.trial, "collect")
    return run.finish(1.0)


def _wait(
    bench: Bench, plan: TrialPlan, run: LocustRun, passed: Callable[[], float], offset: float
) -> None:
    """Wait until *offset* seconds have passed since the first arrival."""
    while (left := offset - passed()) > 0:
        if run.ended():
            raise LoadError(
                f"the load generator ended {left:.1f} s before {offset:.1f} s had passed"
            )
        bench.clock.sleep(min(left, LONGEST_SLEEP_SECONDS))
        bench.progress.loaded(plan.trial, min(offset, passed()))
        _keep_room(bench, plan)


def _keep_room(bench: Bench, plan: TrialPlan) -> None:
    if bench.redis and plan.memory:
        bench.redis.keep_room()


def read_conditions(bench: Bench) -> Conditions:
    """Read what the measurement needs to stay as it is."""
    at = bench.clock.time()
    offset = at - bench.clock.monotonic()
    service, redis = bench.service.conditions(), _redis_conditions(bench)
    return Conditions(at, offset, service, redis, os.getloadavg()[0])


def _redis_conditions(bench: Bench) -> RedisConditions | None:
    """Return Redis' conditions; None also while it is away, which bypassed lookups show."""
    try:
        return bench.redis.conditions() if bench.redis else None
    except ServiceError:
        return None


def _with_time(cause: str, bench: Bench, notes: TrialRecord) -> str:
    if notes.started_at is None:
        return cause
    passed = bench.clock.time() - notes.started_at
    return f"{cause} ({passed:.1f} s after the first arrival)"


def drained(bench: Bench) -> Drained:
    """Read the counters of service and Redis at one moment.

    The service polls its settings in Redis. Two equal readings of the service enclose a reading
    of Redis that no such poll divides.
    """
    service = bench.service.counters()
    if bench.redis is None:
        return Drained(service, None)
    for _ in range(QUIET_READINGS):
        redis = bench.redis.counters()
        again = bench.service.counters()
        if again == service:
            break
        service = again
        bench.clock.sleep(0.01)
    return Drained(service, redis)
