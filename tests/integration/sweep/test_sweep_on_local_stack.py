"""A small sweep on real servers, through the command line."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from loadtests.experiments.plan.fields import Given
from loadtests.experiments.plan.plan import make_plan
from loadtests.experiments.records.records import load_samples
from loadtests.experiments.records.trials import load_trials
from loadtests.replay.trial_replay import arrivals_of_trial
from loadtests.sender.samples import RESULT_INDEX
from loadtests.service_under_test.contract import SERVICE_RESULTS
from loadtests.stack.descendants import descendants, process_table
from loadtests.stack.guardian import ROOT
from loadtests.workload.scenario import Workload

pytestmark = [
    pytest.mark.integration,
    pytest.mark.exclusive,
    pytest.mark.usefixtures("require_servers"),
]

SMALL = "--rate 100 --items 40 --window-ttls 10 --database sqlite --store-delay-seconds 0.005"
TEST_SECONDS = 120


def sweep(*words, environment=()):
    return subprocess.Popen(
        [sys.executable, "-m", "loadtests", "sweep", *SMALL.split(), *words],
        cwd=ROOT,
        env=os.environ | dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def alive(pids):
    return pids & {row.pid for row in process_table() if row.state != "Z"}


def processes_of(run):
    """Wait for Redis, service, Granian's worker, two guardians and Locust; return all processes."""
    deadline = time.monotonic() + 60
    while len(descendants(run.pid)) < 6 and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(1)
    return descendants(run.pid)


def left_of(pids, within_seconds=5):
    deadline = time.monotonic() + within_seconds
    while alive(pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    return alive(pids)


def read_report(folder):
    """Return the report without the random names that plotly gives its charts."""
    return re.sub(
        r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", (folder / "report.html").read_text()
    )


def doubt_kinds(trial):
    return {doubt["kind"] for doubt in trial["doubts"]} - {"few-samples"}


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """Run a sweep over two TTLs at an ASCII terminal; return its folder and its output."""
    folder = tmp_path_factory.mktemp("sweep")
    words = ("--ttl", "0.4,0.8", "--json", "--output", str(folder))
    with sweep(*words, environment={"PYTHONIOENCODING": "ascii"}) as run:
        out, err = run.communicate(timeout=TEST_SECONDS)
    assert run.returncode == 0, err
    return folder, out, err


def test_stdout_holds_one_json_object_and_nothing_else(swept):
    folder, out, err = swept

    answer = json.loads(out)

    assert [trial["ttl_seconds"] for trial in answer["trials"]] == [0.4, 0.8]
    assert answer["report"] == str(folder / "report.html")
    assert (folder / "report.html").stat().st_size > 1_000_000
    assert "redis: " in err
    assert err.splitlines()[-1].startswith("report: ")
    for trial in answer["trials"]:
        results = trial["results"]
        assert sum(results.values()) == trial["lookups"] > 200
        assert (
            results["hit"] + results["coalesced"] + results["miss"] + results["bypass"]
            == (trial["lookups"])
        )


def test_client_service_and_redis_agree_over_a_whole_sweep(swept):
    folder, _, _ = swept

    for record in load_trials(folder).records:
        service = record.after.service.since(record.before.service)
        redis = record.after.redis.since(record.before.redis)
        client = record.load["results"]

        assert record.aborted is None
        assert {word: client[word] for word in SERVICE_RESULTS} == dict(service.lookups)
        asked = (redis.keyspace_hits, redis.keyspace_misses)
        answered = (service.key_reads["true"], service.key_reads["false"])
        if service.lookups["bypass"]:  # Redis also read keys for answers that came too late.
            assert asked[0] >= answered[0]
            assert asked[1] >= answered[1]
        else:
            assert asked == answered


def test_samples_add_up_to_the_clients_results(swept):
    folder, _, _ = swept

    for record in load_trials(folder).records:
        results = load_samples(folder, record)["result"]
        for word in SERVICE_RESULTS:
            assert record.load["results"][word] == (results == RESULT_INDEX[word]).sum()


def test_prediction_was_made_before_the_window_opened(swept):
    folder, _, _ = swept

    for record in load_trials(folder).records:
        assert record.predicted_at < record.started_at < record.readings[0].at
        assert record.prediction.fill_seconds > 0.005


def test_replay_was_made_of_the_very_arrivals_that_were_sent(swept):
    folder, _, _ = swept
    plan = make_plan({"rate": Given(100, "rate"), "items": Given(40, "items")}, {})

    for record in load_trials(folder).records:
        intended = load_samples(folder, record)["intended"]
        workload = Workload(plan.load.settings(record.trial.seed), None)
        drawn = arrivals_of_trial(workload, float(intended[-1]) + 1.0, 1).times

        assert intended.tolist() == pytest.approx(drawn[: len(intended)].tolist(), abs=1e-4)


def test_each_trial_has_its_replay_in_record_and_json(swept):
    folder, out, _ = swept

    records = {record.trial.ttl_seconds: record for record in load_trials(folder).records}
    for trial in json.loads(out)["trials"]:
        record = records[trial["ttl_seconds"]]
        assert len(record.replay.batches) == len(record.readings) - 1
        assert record.replay.lateness is not None
        assert record.replay.hit_ratio == trial["replayed_hit_ratio"]
        assert trial["residual"] == trial["hit_ratio"] - trial["replayed_hit_ratio"]
        # A busy machine may spoil the trial, but never without a doubt.
        assert doubt_kinds(trial) or abs(trial["residual"]) < 0.05


def test_report_can_be_made_again_from_the_records_alone(swept):
    folder, _, _ = swept
    first = read_report(folder)
    (folder / "report.html").unlink()

    again = subprocess.run(
        [sys.executable, "-m", "loadtests", "report", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert str(folder / "report.html") in again.stderr
    assert read_report(folder) == first


def test_trace_is_predicted_by_its_replay(tmp_path):
    trace = tmp_path / "ids.txt"
    trace.write_text("\n".join(str(1 + (7 * n * n + n // 9) % 61) for n in range(700)))
    words = ["--trace", str(trace), "--rate", "150", "--arrivals", "paced"]

    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "loadtests",
            "sweep",
            *words,
            "--ttl",
            "1",
            "--json",
            "--database",
            "sqlite",
            "--output",
            str(tmp_path / "run"),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        out, err = run.communicate(timeout=TEST_SECONDS)

    assert run.returncode == 0, err
    trial = json.loads(out)["trials"][0]
    assert trial["lookups"] == 700
    # A busy machine may spoil the trial, but never without a doubt.
    assert doubt_kinds(trial) or trial["offload_ratio"] == pytest.approx(
        trial["predicted_offload_ratio"], abs=0.02
    )
    assert trial["hit_ratio_low"] is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "term"])
def test_interrupted_sweep_keeps_its_record_and_leaves_no_process(tmp_path, number):
    with sweep("--ttl", "5", "--output", str(tmp_path)) as run:
        pids = processes_of(run)
        os.kill(run.pid, number)
        _, err = run.communicate(timeout=30)

    assert run.returncode == 130
    assert "interrupted" in err
    assert left_of(pids) == set()
    assert [record.aborted for record in load_trials(tmp_path).records] == ["interrupted"]


def test_killed_sweep_leaves_no_process_and_no_temporary_file(tmp_path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    words = ("--ttl", "5", "--output", str(tmp_path / "run"))
    with sweep(*words, environment={"TMPDIR": str(temporary)}) as run:
        pids = processes_of(run)
        os.kill(run.pid, signal.SIGKILL)
        run.communicate(timeout=30)

    assert left_of(pids) == set()
    assert list(temporary.iterdir()) == []
