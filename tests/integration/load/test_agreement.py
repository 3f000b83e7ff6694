"""The counts of client and service are equal, to the request."""

import json
import os
import re
import signal

import numpy as np
import psutil
import pytest

from loadtests.sender.samples import RESULTS
from tests.integration.load.locust_load import (
    LocustProcess,
    clear_cache,
    lookups,
    patch,
    run,
    wait_for,
)

pytestmark = pytest.mark.integration


@pytest.fixture
def cold(service_url):
    patch(service_url, ttl_seconds=1.0, store_delay_seconds=0.002, invalidation="delete")
    clear_cache(service_url)
    return service_url


def test_an_answer_that_takes_longer_than_the_longest_wait_for_a_slot_is_awaited(cold, tmp_path):
    patch(cold, store_delay_seconds=1.5)
    before = lookups(cold)

    locust = run(tmp_path, cold, "--rate", 50, "--requests", 50, "--max-wait-seconds", 1)

    assert client_counts(locust) == count_differences(before, lookups(cold))
    assert locust.summary["completed"] == 50


def count_differences(before, after):
    return {word: after[word] - before[word] for word in after if after[word] != before[word]}


def client_counts(locust):
    return {word: count for word, count in locust.summary["results"].items() if count}


@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.long), 4])
def test_client_and_service_agree_on_the_count_of_every_result(cold, tmp_path, processes):
    before = lookups(cold)
    many = ["--processes", processes, "-u", 5] if processes > 1 else []

    locust = run(tmp_path, cold, "--rate", 300, "--requests", 1200, *many)

    assert locust.code == 0, locust.log_text
    assert client_counts(locust) == count_differences(before, lookups(cold))
    assert locust.summary["arrivals"] == locust.summary["completed"] == 1200
    results = np.bincount(locust.samples["result"], minlength=len(RESULTS))
    assert dict(zip(RESULTS, results.tolist(), strict=True)) == locust.summary["results"]


@pytest.mark.long
def test_several_processes_send_the_same_requests_as_one(cold, tmp_path):
    intended = []
    for processes in ([], ["--processes", 3, "-u", 4]):
        directory = tmp_path / f"run{len(intended)}"
        directory.mkdir()
        locust = run(directory, cold, "--rate", 400, "--requests", 800, *processes)
        intended.append(locust.samples["intended"] - locust.summary["started_at"])

    assert np.allclose(*intended, atol=1e-6)


@pytest.mark.parametrize("processes", [pytest.param(1, marks=pytest.mark.long), 2])
def test_locusts_own_files_have_the_same_total(cold, tmp_path, processes):
    many = ["--processes", processes, "-u", 2] if processes > 1 else []
    files = ["--csv", tmp_path / "own", "--json-file", tmp_path / "own"]
    files += ["--html", tmp_path / "own.html"]

    locust = run(tmp_path, cold, "--rate", 300, "--requests", 600, *files, *many)

    assert locust.code == 0
    last = (tmp_path / "own_stats.csv").read_text().strip().splitlines()[-1]
    assert last.split(",")[1:3] == ["Aggregated", "600"]
    rows = json.loads((tmp_path / "own.json").read_text())
    assert sum(row["num_requests"] for row in rows) == 600
    assert re.search(r'"name": "Aggregated"[^}]*"num_requests": 600', html_report(tmp_path))


def html_report(directory):
    """Return Locust's HTML report."""
    return (directory / "own.html").read_text()


@pytest.mark.parametrize("processes", [1, 2])
def test_a_stopped_run_drains_and_agrees(cold, tmp_path, processes):
    before = lookups(cold)
    many = ["--processes", processes, "-u", 2] if processes > 1 else []
    with LocustProcess(tmp_path, cold, "--rate", 300, *many) as locust:
        locust.until_started()
        wait_for(lambda: sum(lookups(cold).values()) > sum(before.values()) + 300)

        assert locust.stop() == 0, locust.log_text

    assert client_counts(locust) == count_differences(before, lookups(cold))
    assert locust.summary["arrivals"] == locust.summary["completed"]


def test_a_killed_worker_is_reported_and_the_others_go_on(cold, tmp_path):
    before = lookups(cold)
    with LocustProcess(tmp_path, cold, "--rate", 200, "--processes", 2, "-u", 2) as locust:
        locust.until_started()
        wait_for(lambda: sum(lookups(cold).values()) > sum(before.values()) + 300)
        victim = int(next(locust.record.glob("samples.bin.*")).suffix[1:])
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda: "failed to send heartbeat" in locust.log_text)

        locust.stop()

    (sentence,) = locust.summary["unreported"]
    assert re.match(
        r"worker \S+ was lost; the totals lack what it did after its last report", sentence
    )
    assert sentence in locust.log_text
    served = sum(count_differences(before, lookups(cold)).values())
    # It sent half of 200 requests per second and reported every 3 s.
    assert 0 <= served - locust.summary["completed"] <= 400


def test_ctrl_c_in_a_terminal_reaches_all_processes_and_loses_no_count(cold, tmp_path):
    before = lookups(cold)
    with LocustProcess(tmp_path, cold, "--rate", 200, "--processes", 3, "-u", 3) as locust:
        locust.until_started()
        wait_for(lambda: sum(lookups(cold).values()) > sum(before.values()) + 300)
        top = psutil.Process(locust.process.pid)
        for process in [top, *top.children(recursive=True)]:
            process.send_signal(signal.SIGINT)
        locust.wait()

    summary = locust.summary
    served = sum(count_differences(before, lookups(cold)).values())
    assert summary["unreported"] == []
    assert summary["arrivals"] == summary["completed"] + summary["failed"] + summary["dropped"]
    # The service still served the requests that the signal cut short.
    assert 0 <= served - summary["completed"] <= summary["failed"]


def test_several_scenarios_share_the_rate_by_their_users(cold, tmp_path):
    classes = ["ReadHeavy", "MissingIds"]

    locust = run(tmp_path, cold, "--rate", 300, "--requests", 900, "-u", 3, *classes)

    assert locust.code == 0
    assert locust.summary["completed"] == 900
    assert locust.summary["results"]["negative"] > 0


def test_users_of_a_closed_loop_share_one_replay_of_a_trace(cold, tmp_path):
    trace = tmp_path / "trace.txt"
    trace.write_text("\n".join(str(1 + number % 100) for number in range(300)))
    before = lookups(cold)
    words = ["--trace", trace, "--think-seconds", 0, "--processes", 2, "-u", 4]

    locust = run(tmp_path, cold, *words, "ClosedLoop")

    assert locust.summary["completed"] == 300
    assert count_differences(before, lookups(cold))["miss"] >= 100


def test_a_trace_starts_with_an_empty_cache_as_its_prediction_assumes(cold, tmp_path):
    patch(cold, ttl_seconds=60.0)
    trace = tmp_path / "trace.txt"
    trace.write_text("1\n2\n1\n3\n")
    results = []
    for name in ("first", "again"):
        (tmp_path / name).mkdir()
        pace = ["--rate", 4, "--arrivals", "paced"]
        locust = run(tmp_path / name, cold, *pace, "--trace", trace, "TraceReplay")
        results.append((locust.summary["hit_ratio"], locust.summary["predicted_hit_ratio"]))

    assert results == [(0.25, 0.25)] * 2


def test_a_trace_is_sent_in_file_order_by_any_number_of_processes(cold, tmp_path):
    trace = tmp_path / "trace.txt"
    ids = np.random.default_rng(1).integers(1, 400, 600)
    trace.write_text("\n".join(map(str, ids)))
    patch(cold, ttl_seconds=60.0)
    before = lookups(cold)
    pace = ["--arrivals", "paced", "--rate", 200, "--trace", trace]

    locust = run(tmp_path, cold, *pace, "--processes", 2, "-u", 4, "TraceReplay")

    assert locust.summary["completed"] == 600
    found = count_differences(before, lookups(cold))
    # The first lookup of an id is a miss, or a bypass where Redis answered too late.
    distinct = len(set(ids.tolist()))
    assert distinct - found.get("bypass", 0) <= found["miss"] <= distinct
    gaps = np.diff(locust.samples["intended"])
    assert np.allclose(gaps, 0.005, atol=1e-5)
