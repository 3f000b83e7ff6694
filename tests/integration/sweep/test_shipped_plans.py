"""Shipped plans on real servers, shortened: every combination is measured beside its theory."""

import csv
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from jsonschema import Draft202012Validator

from loadtests.experiments.records.trials import load_trials
from loadtests.experiments.trial.resuming import plan_in
from loadtests.experiments.trial.sweep_trials import lay_out
from loadtests.stack.guardian import ROOT

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("require_servers")]

SHORT = {
    "skew": "--skew 0,1.4 --repetitions 1 --ttl 1",
    "protections": "--repetitions 1 --store-delay-seconds 0.02 --ttl 1 --stale-seconds 1",
    "staleness": "--ttl 1 --rate 100 --window-ttls 30",
    "memory": "--ttl 10 --maxmemory-entries 1500 --maxmemory-policy allkeys-lru",
    "ttl": "--ttl 0.5,2 --repetitions 2",
    "near": "--ttl 1 --near-seconds 0,0.2",
    "ycsb-a": "--ttl 1",
    "ycsb-b": "--ttl 1",
    "ycsb-d": "--ttl 1",
    "twitter": "--ttl 1",
}
"""Flags with which a plan takes a minute or two."""

SECONDS = 400


def sweep(*words):
    return subprocess.Popen(
        [sys.executable, "-m", "loadtests", "sweep", *words, "--database", "sqlite"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answer_of(folder, *words):
    """Run a sweep; return its trials, and check that all are there in JSON, records and CSV."""
    with sweep(*words, "--json", "--output", str(folder)) as run:
        out, err = run.communicate(timeout=SECONDS)
    assert run.returncode == 0, err
    answer = json.loads(out)
    follow("sweep", answer)
    follow("run", json.loads((folder / "run.json").read_text()))
    for path in folder.glob("trial-*.json"):
        follow("trial", json.loads(path.read_text()))
    planned = [trial.trial for trial in lay_out(plan_in(folder)).trials]
    assert [record.trial for record in load_trials(folder).records] == planned
    with (folder / "trials.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert sorted(int(row["trial"]) for row in rows) == list(range(1, len(planned) + 1))
    return answer["trials"]


def follow(name, content):
    schema = json.loads((ROOT / f"docs/schemas/{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(content)


def undisturbed(trials):
    """Trials that nothing from outside disturbed; a busy machine may spoil one, with a doubt."""
    return [trial for trial in trials if trial["trusted"]]


@pytest.mark.long
def test_writes_are_measured_beside_their_theory(tmp_path):
    flags = "--ttl 0.4 --write-ratio 0.3 --invalidation none --rate 100 --window-ttls 10"

    (trial,) = answer_of(tmp_path / "run", "staleness", *flags.split())

    assert trial["judged_reads"] > 100
    assert 65 < trial["target_rate"] < 75
    assert trial["replayed_hit_ratio"] is not None
    assert trial["stale_ratio"] > 0.01
    assert trial["predicted_stale_ratio"] == pytest.approx(0.0879, abs=0.003)
    # 280 reads, whose staleness comes in runs of one write.
    if trial["trusted"]:
        assert trial["stale_ratio"] == pytest.approx(0.0879, abs=0.06)


@pytest.mark.accept
def test_cached_absences_answer_lookups_for_missing_ids(tmp_path):
    flags = "--ttl 0.4 --negative-ttl-seconds 0,0.4 --missing-ratio 0.5 --missing-items 10"

    trials = answer_of(tmp_path / "run", "negative", *flags.split(), "--window-ttls", "5")

    assert [trial["values"] for trial in trials] == [
        {"negative_ttl_seconds": 0.0},
        {"negative_ttl_seconds": 0.4},
    ]
    without, cached = (trial["results"]["negative"] for trial in trials)
    assert without == 0
    assert cached > 50


@pytest.mark.accept
@pytest.mark.parametrize("name", SHORT)
def test_plan_runs_and_its_trusted_trials_agree_with_their_replay(tmp_path, name):
    trials = answer_of(tmp_path / "run", name, *SHORT[name].split())

    for trial in undisturbed(trials):
        if trial["residual"] is not None:
            assert abs(trial["residual"]) < 0.02
    assert undisturbed(trials)


@pytest.mark.accept
def test_sweep_killed_with_its_servers_is_resumed_with_every_trial_once(tmp_path):
    folder = tmp_path / "run"
    flags = "--ttl 0.3,0.4 --protection none,lease --rate 60 --items 40 --window-ttls 5"
    with sweep(*flags.split(), "--output", str(folder)) as run:
        deadline = time.monotonic() + 60
        while not (folder / "trial-02.json").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(run.pid, signal.SIGKILL)
        run.communicate(timeout=30)
    before = {record.trial.number: record.started_at for record in load_trials(folder).records}

    with sweep("--resume", str(folder), "--json") as run:
        out, err = run.communicate(timeout=SECONDS)

    assert run.returncode == 0, err
    after = {record.trial.number: record.started_at for record in load_trials(folder).records}
    assert sorted(before) == [1, 2]
    assert sorted(after) == [1, 2, 3, 4]
    assert {number: after[number] for number in before} == before
    assert len(json.loads(out)["trials"]) == 4
    assert "trials: 2 of 4, the others are measured" in err
