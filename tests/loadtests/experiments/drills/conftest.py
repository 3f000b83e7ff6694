"""A drill by hand: 10 s before, 10 s of a dead Redis, 10 s after, 200 lookups a second."""

import dataclasses

import numpy as np
import pytest

from loadtests.experiments.drills.drill_record import DrillPoll, DrillRecord, save_drill
from loadtests.experiments.records.records import DRILL, save_run, save_trial
from loadtests.sender.samples import RESULT_INDEX, SAMPLE_DTYPE

BEGUN = 1_700_000_000.0
OPENED, STRUCK, HEALED, ENDED = (BEGUN + offset for offset in (7.5, 17.5, 27.5, 37.5))


@pytest.fixture
def drill_samples():
    """Hits of 1 ms; while Redis is dead bypasses of 4 ms, of which the first ten fail in 50 ms."""
    found = np.zeros(200 * 38, dtype=SAMPLE_DTYPE)
    found["intended"] = np.arange(len(found)) / 200
    dead = (found["intended"] >= STRUCK - BEGUN) & (found["intended"] < HEALED - BEGUN)
    found["result"] = np.where(dead, RESULT_INDEX["bypass"], RESULT_INDEX["hit"])
    found["response"] = np.where(dead, 0.004, 0.001)
    first = np.flatnonzero(dead)[:10]
    found["result"][first] = RESULT_INDEX["error"]
    found["response"][first] = 0.050
    found["service"] = found["response"]
    return found


@pytest.fixture
def drill_record():
    """Ten loads a second while Redis answers, two hundred while it does not."""
    polls, reads = [], 0.0
    for half in range(75):
        at = BEGUN + half / 2
        polls.append(DrillPoll(at, round(reads), {"hit": 0}))
        reads += (200 if STRUCK <= at < HEALED else 10) / 2
    return DrillRecord(
        "redis-kill",
        "Redis is killed and comes back empty",
        OPENED,
        STRUCK,
        HEALED,
        HEALED + 0.25,
        ENDED,
        polls,
    )


@pytest.fixture
def drill_trial(record):
    return record(started_at=BEGUN, window=None, aborted=None)


@pytest.fixture
def drill_run(run_record):
    load = {"rate": 200.0, "arrivals": "poisson"}
    plan = {"load": load, "items": 1000, "ttl_seconds": 5.0, "seconds": 10.0}
    return dataclasses.replace(run_record, kind=DRILL, title="Drill: redis-kill", plan=plan)


@pytest.fixture
def drill_folder(tmp_path, drill_run, drill_trial, drill_record, drill_samples):
    """The records of a run of one drill on disk."""
    folder = tmp_path / "drill"
    save_run(folder, drill_run)
    taken = drill_samples.copy()
    taken["intended"] += BEGUN
    save_trial(folder, drill_trial, taken)
    save_drill(folder, drill_trial.trial.number, drill_record)
    return folder
