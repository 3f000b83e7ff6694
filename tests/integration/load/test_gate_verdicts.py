"""The verdict of a run: the same whatever the cache held before it, and "cold" where it was."""

import json
import time
import urllib.request

import pytest

from loadtests.stack.local import LocalStack
from tests.integration.load.locust_load import LocustProcess, clear_cache, patch, run

pytestmark = [pytest.mark.integration, pytest.mark.exclusive]

SETTINGS = ["--rate", 100, "--items", 200, "--seed", 3, "--ttl-seconds", 2]
WARM_ONCE = ["--run-time", "12s", *SETTINGS]


def closing_line(locust):
    return next(line for line in locust.log_text.splitlines() if "hit ratio" in line)


@pytest.mark.usefixtures("require_servers")
def test_the_same_run_three_times_in_a_row_has_the_same_verdict(tmp_path):
    verdicts, warm, whole, predicted, replayed = [], [], [], [], []
    with LocalStack(database="sqlite") as stack:
        url = stack.service_urls[0]
        # Entries of an hour, which would make every lookup of the first run a hit.
        patch(url, ttl_seconds=3600)
        for item in (1, 2, 3):
            urllib.request.urlopen(f"{url}/fruit/{item}", timeout=10).close()
        for turn in range(3):
            folder = tmp_path / str(turn)
            folder.mkdir()
            ended = run(folder, url, *WARM_ONCE, "--min-hit-ratio", 0.5, "ReadHeavy")
            # A busy machine lets some lookups bypass the cache, which a gate of its own refuses.
            verdicts.append(ended.code if "the hit ratio leaves out" not in ended.log_text else 0)
            warm.append(ended.summary["warm_hit_ratio"])
            whole.append(ended.summary["hit_ratio"])
            predicted.append(ended.summary["predicted_hit_ratio"])
            replayed.append(ended.summary["parts"][0]["replayed_hit_ratio"])

    assert verdicts == [0, 0, 0], ended.log_text
    assert max(warm) - min(warm) < 0.01
    assert max(whole) - min(whole) < 0.01
    assert warm == pytest.approx(predicted, abs=0.03)
    assert warm == pytest.approx(replayed, abs=0.015)
    assert max(whole) < min(warm)


def test_a_run_that_ends_before_its_cache_is_warm_is_called_cold_and_passes_no_gate(
    tmp_path, service_url
):
    short = ["--rate", 100, "--items", 200, "--ttl-seconds", 60, "--run-time", "4s"]
    patch(service_url, store_delay_seconds=0)

    ended = run(tmp_path, service_url, *short, "--min-hit-ratio", 0, "ReadHeavy")

    assert ended.code == 1
    assert "cold (warm only 90 s after the start), replay" in closing_line(ended)
    (part,) = ended.summary["parts"]
    assert part["hit_ratio"] == pytest.approx(part["replayed_hit_ratio"], abs=0.03)
    assert "gate: hit ratio is unknown, but must be at least 0; the cache is warm only 90 s" in (
        ended.log_text
    )


@pytest.mark.parametrize(
    "processes",
    [
        pytest.param([], id="one"),
        pytest.param(["--processes", 2, "-u", 2], id="workers", marks=pytest.mark.accept),
    ],
)
def test_after_a_knob_change_each_part_stands_beside_its_own_prediction(
    tmp_path, service_url, processes
):
    words = ["--rate", 200, "--items", 50, "--skew", 0, "--ttl-seconds", 2, "ReadHeavy"]
    with LocustProcess(tmp_path, service_url, *processes, *words) as locust:
        began = locust.until_started()
        time.sleep(began + 8 - time.time())
        patch(service_url, ttl_seconds=0.2)
        time.sleep(began + 16 - time.time())
        assert locust.stop() == 0, locust.log_text
    first, second = locust.summary["parts"]

    # Each of 50 items is asked for 4 times a second: hits are 4 T / (1 + 4 T) of the lookups.
    assert (first["warm_from_seconds"], first["knobs"]["ttl_seconds"]) == (3.0, 2.0)
    assert first["predicted_hit_ratio"] == pytest.approx(8 / 9)
    assert first["warm_hit_ratio"] == pytest.approx(8 / 9, abs=0.04)
    assert second["begins_seconds"] == pytest.approx(9, abs=2.5)
    assert second["predicted_hit_ratio"] == pytest.approx(0.8 / 1.8)
    assert second["warm_hit_ratio"] == pytest.approx(0.8 / 1.8, abs=0.05)
    assert "s (ttl_seconds 2 → 0.2): hit ratio" in locust.log_text
    for part in (first, second):
        assert part["warm_hit_ratio"] == pytest.approx(part["replayed_hit_ratio"], abs=0.03)


def test_a_cache_that_is_to_be_kept_is_kept(tmp_path, service_url):
    patch(service_url, ttl_seconds=60, store_delay_seconds=0)
    clear_cache(service_url)
    with urllib.request.urlopen(f"{service_url}/fruit/1", timeout=10) as response:
        assert json.load(response)["from_cache"] is False
    one = ["--items", 1, "--requests", 5, "--rate", 100]

    kept = run(tmp_path, service_url, *one, "--cache-at-start", "kept", "ReadHeavy")
    assert kept.summary["results"]["miss"] == 0
    assert kept.summary["cache_at_start"] == "kept"

    emptied = run(tmp_path, service_url, *one, "ReadHeavy")
    assert emptied.summary["results"]["miss"] == 1
    assert emptied.summary["cache_at_start"] == "empty"
