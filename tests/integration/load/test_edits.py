"""Editing a running test on Locust's page: what it obeys, and what it refuses in a sentence."""

import json
import time

import pytest

from tests.integration.load.locust_load import LocustProcess, fetch, lookups, wait_for
from tests.integration.load.locust_page import (
    change_knobs,
    post,
    predicted_hit_ratio,
    read_metrics,
    read_run,
    swarm,
    wait_for_workers,
)

pytestmark = pytest.mark.integration

BEGUN = {"rate": 80, "items": 50, "skew": 0, "ttl_seconds": 20}


def rate_of(service_url, seconds):
    """Return how many lookups a second the service answers for a while."""
    before, began = sum(lookups(service_url).values()), time.monotonic()
    time.sleep(seconds)
    asked = sum(lookups(service_url).values()) - before
    return asked / (time.monotonic() - began)


@pytest.mark.parametrize(
    "processes",
    [
        pytest.param([], id="one process"),
        pytest.param(["--processes", "2"], id="workers", marks=pytest.mark.long),
    ],
)
def test_rate_skew_and_ttl_change_in_a_running_test(service_url, tmp_path, processes):
    with LocustProcess(tmp_path, service_url, *processes, headless=False) as locust:
        page = locust.page_url
        wait_for_workers(locust, 2 if processes else 0)
        swarm(page, **BEGUN)
        wait_for(lambda: read_metrics(page + "/metrics")["loadtest_requests_total"] > 100)
        assert predicted_hit_ratio(page) == pytest.approx(32 / 33, abs=0.005)

        swarm(page, **BEGUN | {"rate": 200, "ttl_seconds": 0.5})
        time.sleep(3)
        rate = rate_of(service_url, 4)
        in_force = json.loads(fetch(service_url + "/control/settings"))["settings"]
        knobs_predicted = predicted_hit_ratio(page)
        swarm(page, **BEGUN | {"rate": 200, "ttl_seconds": 0.5, "skew": 3})
        time.sleep(3)
        skewed_predicted = predicted_hit_ratio(page)
        shown = read_run(page)
        post(page, "/stop")

    assert rate == pytest.approx(200, rel=0.15)
    assert in_force["ttl_seconds"] == 0.5
    # Each of 50 items is asked for 4 times a second: 4 T / (1 + 4 T).
    assert knobs_predicted == pytest.approx(2 / 3, abs=0.005)
    assert skewed_predicted > 0.9
    assert shown["Target rate"] == "200 arrivals/s"
    assert len([name for name in shown if name.startswith("Hit ratio, warm")]) == 3


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"items": 60}, "items cannot change during a run, got '60'; stop the run and start"),
        ({"scenario": "HotKey"}, "scenario cannot change during a run, got 'HotKey'"),
        ({"host": "http://127.0.0.1:9"}, "host cannot change during a run"),
        ({"ttl_seconds": -1}, "ttl-seconds must be a number from 0 to 2678400 seconds"),
    ],
    ids=["items", "scenario", "host", "ttl"],
)
def test_what_cannot_change_is_refused_and_the_run_goes_on(service_url, tmp_path, change, sentence):
    with LocustProcess(tmp_path, service_url, headless=False) as locust:
        page = locust.page_url
        locust.until_page()
        swarm(page, **BEGUN)
        wait_for(lambda: read_metrics(page + "/metrics")["loadtest_requests_total"] > 20)

        answer = post(page, "/swarm", user_count=2, spawn_rate=100, **BEGUN | change)

        assert answer["success"] is False
        assert sentence in answer["message"]
        assert "running" in fetch(page + "/stats/requests")
        in_force = json.loads(fetch(service_url + "/control/settings"))["settings"]
        assert in_force["ttl_seconds"] == 20


def test_an_edit_that_changes_nothing_leaves_what_the_panel_changed(service_url, tmp_path):
    with LocustProcess(tmp_path, service_url, headless=False) as locust:
        page = locust.page_url
        locust.until_page()
        swarm(page, **BEGUN)
        change_knobs(page, ttl_seconds="7")

        swarm(page, **BEGUN | {"user_count": 3})

        in_force = json.loads(fetch(service_url + "/control/settings"))["settings"]
        assert in_force["ttl_seconds"] == 7
