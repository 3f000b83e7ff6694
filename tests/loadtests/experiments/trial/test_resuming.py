"""A sweep that was killed goes on where it ended: every trial exactly once."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import textwrap

import pytest

from loadtests.experiments.plan.fields import Given
from loadtests.experiments.plan.plan import make_plan
from loadtests.experiments.records.record_file import RecordError
from loadtests.experiments.records.records import load_run, save_run
from loadtests.experiments.records.trials import load_trials
from loadtests.experiments.trial.resuming import measured_in, plan_in, resumed
from loadtests.experiments.trial.sweep_trials import lay_out
from loadtests.stack.guardian import ROOT

SWEEP = """
import os, signal, sys
from dataclasses import asdict, replace
from pathlib import Path
import numpy as np
from loadtests.experiments.plan.fields import Given
from loadtests.experiments.plan.plan import make_plan
from loadtests.experiments.records.records import RunRecord, load_run, save_run, save_trial
from loadtests.experiments.trial.parts import Bench
from loadtests.experiments.trial.resuming import measured_in, plan_in
from loadtests.experiments.trial.runner import run_trials
from loadtests.experiments.trial.sweep_trials import lay_out
from loadtests.sender.samples import SAMPLE_DTYPE
from tests.loadtests.experiments.conftest import (
    FakeLoad, FakeProgress, FakeRedis, FakeService, FakeWorld,
)

folder, dies_in = Path(sys.argv[1]), int(sys.argv[2])
given = {"ttl_seconds": "0.5,1", "skew": "0.5,1", "repetitions": 2, "seed": 3, "items": 20}
plan = make_plan({name: Given(value, name) for name, value in given.items()}, {})
if (folder / "run.json").exists():
    plan = plan_in(folder)
else:
    save_run(folder, RunRecord(1, "t", 0.0, asdict(plan), [], "SQLite", 0.0, "here", 0.9))
sweep = replace(lay_out(plan), done=measured_in(folder))
world = FakeWorld()

def save(record, samples):
    if record.trial.number == dies_in:  # Its samples are there, its record is not.
        (folder / f"trial-{dies_in:02d}.npz").write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGKILL)
    save_trial(folder, record, samples)
    with (folder / "order.txt").open("a") as file:
        print(record.trial.number, file=file)

scratch = folder / f"scratch-{os.getpid()}"
bench = Bench(FakeService(world), FakeRedis(world), FakeLoad(world),
              lambda _: np.empty(0, SAMPLE_DTYPE), save, FakeProgress(), scratch, world.clock)
run_trials(bench, sweep.load, [replace(trial, replay=None) for trial in sweep.left])
"""


def sweep(folder, dies_in):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SWEEP), str(folder), str(dies_in)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
        timeout=60,
    ).returncode


def test_killed_sweep_measures_every_trial_exactly_once(tmp_path):
    codes = [sweep(tmp_path, dies_in) for dies_in in (3, 6, 0)]

    assert codes == [-signal.SIGKILL, -signal.SIGKILL, 0]
    assert (tmp_path / "order.txt").read_text().split() == list("12345678")
    trials = load_trials(tmp_path)
    assert trials.damaged == []
    found = [
        (r.trial.ttl_seconds, r.trial.values["skew"], r.trial.repetition) for r in trials.records
    ]
    assert len(set(found)) == len(found) == 8
    planned = [trial.trial for trial in lay_out(plan_in(tmp_path)).trials]
    assert [record.trial for record in trials.records] == planned


def test_aborted_trial_is_measured_again(folder):
    path = folder / "trial-02.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "aborted": "interrupted"}))

    assert measured_in(folder) == {1, 3}


def test_half_written_record_is_measured_again(folder):
    (folder / "trial-02.json").write_text('{"trial": ')

    assert measured_in(folder) == {1, 3}


def test_what_is_left_of_a_sweep_is_estimated_alone():
    laid_out = lay_out(make_plan({"items": Given(20, "items")}, {}))

    rest = dataclasses.replace(laid_out, done=frozenset({1, 3}))

    assert [trial.trial.number for trial in rest.left] == [2]
    assert list(rest.expected_seconds) == [2]


def test_resumed_sweep_notes_when_it_went_on(folder):
    first = load_run(folder)

    again = resumed(folder, first)
    save_run(folder, again)

    assert dataclasses.replace(again, resumed_at=[]) == first
    assert len(again.resumed_at) == 1
    assert len(resumed(folder, first).resumed_at) == 2


@pytest.mark.parametrize("name", ["machine", "store_name"])
def test_sweep_is_not_resumed_elsewhere(folder, name):
    now = dataclasses.replace(load_run(folder), **{name: "another"})

    with pytest.raises(RecordError, match=f"was measured with {name}"):
        resumed(folder, now)


def test_what_is_no_sweep_or_of_another_version_is_not_resumed(folder):
    with pytest.raises(RecordError, match="was made by another version of the program: 'ttl_s"):
        plan_in(folder)
    save_run(folder, dataclasses.replace(load_run(folder), kind="stampede"))
    with pytest.raises(
        RecordError, match="holds a run of stampede, and only a sweep can be resumed"
    ):
        plan_in(folder)
