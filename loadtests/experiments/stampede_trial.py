"""Runs one protection of the stampede bench and saves what it saw."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from loadtests.experiments.bench import Bench, Run
from loadtests.experiments.checks import doubts_of
from loadtests.experiments.counters import RESULTS, loads
from loadtests.experiments.locust_load import LoadError
from loadtests.experiments.plan import Load, make_plan
from loadtests.experiments.plan_fields import Given
from loadtests.experiments.prediction import Prediction
from loadtests.experiments.records import Reading, TrialRecord
from loadtests.experiments.refreshes import Poll, find_refreshes
from loadtests.experiments.runner import PROBES, drained
from loadtests.experiments.stampede import (
    QUIET_SHARE,
    ModeFigures,
    ModeRun,
    StampedePlan,
    mode_figures,
    predict_loads,
)
from loadtests.experiments.trials import Trial

POLL_SECONDS = 0.025
STALE_SECONDS = 30.0  # grace of mode stale, far above the time of a load
PATIENCE = 1.5  # times the expected time, then a mode ends with what it has


def run_mode(bench: Bench, plan: StampedePlan, mode: str, folder: Path) -> ModeFigures:
    """Measure one protection.

    Raises:
        LoadError: The load did not run.
        ServiceError: The service is gone or refuses the knobs.
    """
    trial = Trial(plan.modes.index(mode) + 1, plan.ttl_seconds, 1, seed=1)
    bench.progress.phase(trial, mode)
    fill_seconds = _prepare(bench, plan, mode)
    predicted = predict_loads(plan, mode, fill_seconds)
    record = bench.scratch / f"load-{mode}"
    record.mkdir(parents=True)
    before, predicted_at = drained(bench), bench.clock.time()
    run = bench.load.start(_hot_load(plan), trial.seed, record)
    try:
        started_at = run.started_at()
        polls = _watch(bench, plan, mode, run, lambda passed: bench.progress.loaded(trial, passed))
        summary = run.stop()
    except BaseException:
        run.kill()
        raise
    after = drained(bench)
    saved = TrialRecord(
        trial=trial,
        knobs=bench.service.knobs(),
        window=None,
        prediction=Prediction(None, None, None, fill_seconds, f"{predicted:.3f} loads per refresh"),
        predicted_at=predicted_at,
        started_at=started_at,
        readings=[Reading(started_at, before.service), Reading(summary["ended_at"], after.service)],
        before=before,
        after=after,
        load=summary,
        aborted=None,
    )
    samples = bench.read_samples(record)
    bench.save(saved, samples)
    polls_file = folder / f"polls-{trial.number:02d}.json"
    polls_file.write_text(json.dumps({"mode": mode, "polls": [asdict(poll) for poll in polls]}))
    bench.progress.finished(saved)
    lookups = after.service.since(before.service).lookups
    counted = {word: lookups.get(word, 0) for word in RESULTS}
    doubts = doubts_of(saved, counted, summary["ended_at"] - started_at, [])
    return mode_figures(plan, ModeRun(mode, predicted, polls, samples, doubts))


def expected_seconds(plan: StampedePlan, mode: str) -> float:
    """Return how long a mode's load takes."""
    return (plan.wanted(mode) + 1) * (plan.ttl_seconds + 2 * plan.store_delay_seconds) + 1.0


def _prepare(bench: Bench, plan: StampedePlan, mode: str) -> float:
    """Set the knobs, time some loads of other ids, leave the cache empty."""
    bench.service.set_knobs(
        {
            "protection": mode,
            "ttl_seconds": plan.ttl_seconds,
            "store_delay_seconds": plan.store_delay_seconds,
            "stale_seconds": STALE_SECONDS,
            "early_beta": 1.0,
            "ttl_jitter_ratio": 0.0,
        }
    )
    bench.service.clear_cache()
    fill_seconds = bench.service.probe_fill_seconds(range(2, 2 + PROBES), PROBES)
    bench.service.clear_cache()
    return fill_seconds or plan.store_delay_seconds


def _hot_load(plan: StampedePlan) -> Load:
    """Ask for one key only."""
    return make_plan(
        {"rate": Given(plan.rate, "rate"), "items": Given(1, "items"), "skew": Given(0, "skew")}, {}
    ).load


def _watch(
    bench: Bench, plan: StampedePlan, mode: str, run: Run, passed: Callable[[float], None]
) -> list[Poll]:
    """Poll the number of loads until enough refreshes are over."""
    quiet = plan.ttl_seconds * QUIET_SHARE
    begun = bench.clock.time()
    polls: list[Poll] = []
    while (waited := bench.clock.time() - begun) < PATIENCE * expected_seconds(plan, mode) + 10:
        if run.ended():
            raise LoadError(f"the load of mode {mode} ended by itself")
        polls.append(_poll(bench))
        if polls[-1].loads != polls[max(0, len(polls) - 2)].loads:
            found = find_refreshes(polls, plan.store_delay_seconds, quiet)
            # The cold load, those wanted, and one that shows the last of them to be over.
            if len(found) > plan.wanted(mode) + 1:
                break
        passed(waited)
        bench.clock.sleep(POLL_SECONDS)
    return polls


def _poll(bench: Bench) -> Poll:
    at = bench.clock.time()
    counters = bench.service.counters()
    return Poll(at, bench.clock.time(), loads(counters.store_queries))
