"""Locust's page without a browser: the effects of its requests, and /metrics."""

import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from loadtests.stack.ports import free_port
from tests.integration.load.locust_load import LocustProcess, answers, fetch, lookups, wait_for
from tests.integration.load.locust_page import (
    change_knobs,
    count_lookups,
    post,
    predicted_hit_ratio,
    read_metrics,
    swarm,
    wait_for_workers,
)

pytestmark = [pytest.mark.integration, pytest.mark.exclusive]


@pytest.mark.parametrize("processes", [[], ["--processes", "2"]], ids=["one process", "workers"])
def test_a_run_from_the_page_agrees_with_the_service(service_url, tmp_path, processes):
    before = sum(lookups(service_url).values())
    with LocustProcess(tmp_path, service_url, *processes, headless=False) as locust:
        wait_for_workers(locust, 2 if processes else 0)
        swarm(locust.page_url, rate=200, ttl_seconds=5)
        wait_for(lambda: sum(lookups(service_url).values()) > before + 600)
        post(locust.page_url, "/stop")
        served = sum(lookups(service_url).values()) - before

        wait_for(lambda: count_lookups(locust.page_url) == served, seconds=20)
        exported = read_metrics(locust.page_url + "/metrics")
        stats = json.loads(fetch(locust.page_url + "/stats/requests"))

    assert exported["loadtest_requests_total"] == served
    assert exported["loadtest_response_seconds_count"] == served
    assert exported["loadtest_target_rate"] == 0
    assert exported["loadtest_workers"] == (2 if processes else 0)
    assert exported["loadtest_predicted_hit_ratio"] > 0.5
    assert stats["stats"][-1]["num_requests"] == served


@pytest.mark.parametrize(
    ("processes", "users"),
    [
        pytest.param(1, (2, 5), id="more users", marks=pytest.mark.accept),
        pytest.param(4, (4, 2), id="fewer users than workers"),
    ],
)
def test_changing_the_users_while_running_keeps_the_rate(service_url, tmp_path, processes, users):
    at_first, later = users
    many = ["--processes", processes] if processes > 1 else []
    with LocustProcess(tmp_path, service_url, *many, headless=False) as locust:
        wait_for_workers(locust, processes if many else 0)
        swarm(locust.page_url, rate=150, user_count=at_first)
        wait_for(
            lambda: read_metrics(locust.page_url + "/metrics")["loadtest_requests_total"] > 150
        )
        swarm(locust.page_url, user_count=later)
        wait_for(lambda: read_metrics(locust.page_url + "/metrics")["loadtest_users"] == later)
        time.sleep(3)
        before, began = sum(lookups(service_url).values()), time.monotonic()
        time.sleep(4)
        asked = sum(lookups(service_url).values()) - before
        seconds = time.monotonic() - began
        post(locust.page_url, "/stop")

    assert asked / seconds == pytest.approx(150, rel=0.15)


def run_to_its_end(page, requests):
    swarm(page, rate=200, requests=requests)
    wait_for(lambda: "stopped" in fetch(page + "/stats/requests"))
    wait_for(lambda: count_lookups(page) == requests)


def test_a_second_run_counts_from_zero(service_url, tmp_path):
    with LocustProcess(tmp_path, service_url, headless=False) as locust:
        locust.until_page()

        run_to_its_end(locust.page_url, 200)
        run_to_its_end(locust.page_url, 50)
        assert count_lookups(locust.page_url) == 50


def test_a_knob_changed_while_running_reaches_the_service_and_the_prediction(service_url, tmp_path):
    with LocustProcess(tmp_path, service_url, headless=False) as locust:
        locust.until_page()
        swarm(locust.page_url, rate=100, ttl_seconds=60)
        wait_for(lambda: predicted_hit_ratio(locust.page_url) > 0.8)

        assert change_knobs(locust.page_url, ttl_seconds="0.1")["knobs"]["ttl_seconds"] == 0.1

        in_force = json.loads(fetch(service_url + "/control/settings"))["settings"]
        assert in_force["ttl_seconds"] == 0.1
        assert predicted_hit_ratio(locust.page_url) < 0.6
        post(locust.page_url, "/stop")


def test_a_request_from_another_site_cannot_change_knobs(service_url, tmp_path):
    with LocustProcess(tmp_path, service_url, headless=False) as locust:
        locust.until_page()
        headers = {"Content-Type": "application/json", "Origin": "http://elsewhere.example"}
        request = urllib.request.Request(
            locust.page_url + "/cacheaside/knobs", b'{"ttl_seconds": "1"}', headers, method="POST"
        )

        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(request, timeout=30)


def test_a_headless_run_serves_its_metrics_on_a_port(service_url, tmp_path):
    port = free_port()
    page = f"http://127.0.0.1:{port}/metrics"
    words = ["--rate", 100, "--metrics-port", port, "--web-host", "127.0.0.1"]
    with LocustProcess(tmp_path, service_url, *words) as locust:
        locust.until_started()
        wait_for(lambda: answers(page) and read_metrics(page)["loadtest_requests_total"] > 100)
        values = read_metrics(page)

        assert locust.stop() == 0, locust.log_text

    assert values["loadtest_target_rate"] == 100
    assert values["loadtest_users"] == 1


def test_a_metrics_port_that_is_taken_is_refused(service_url, tmp_path):
    taken = service_url.rpartition(":")[2]

    with LocustProcess(
        tmp_path, service_url, "--metrics-port", taken, "--web-host", "127.0.0.1"
    ) as locust:
        assert locust.wait() == 2

    assert f"metrics-port must be a free port, got '{taken}'" in locust.log_text


def test_a_reset_clears_the_tab_and_not_the_counters(service_url, tmp_path):
    with LocustProcess(tmp_path, service_url, headless=False) as locust:
        locust.until_page()
        run_to_its_end(locust.page_url, 100)

        fetch_by_post(locust.page_url + "/stats/reset")

        wait_for(lambda: count_lookups(locust.page_url) == 0)
        assert read_metrics(locust.page_url + "/metrics")["loadtest_requests_total"] == 100


def fetch_by_post(url):
    """Send an empty POST."""
    urllib.request.urlopen(urllib.request.Request(url, b"", method="POST"), timeout=30).close()


def test_several_scenarios_can_be_picked_in_the_class_picker(service_url, tmp_path):
    with LocustProcess(tmp_path, service_url, "--class-picker", headless=False) as locust:
        locust.until_page()
        form = {"user_count": 2, "spawn_rate": 100, "requests": 100}
        data = urllib.parse.urlencode([*form.items(), *PICKED]).encode()
        urllib.request.urlopen(locust.page_url + "/swarm", data, timeout=60).close()

        wait_for(lambda: "stopped" in fetch(locust.page_url + "/stats/requests"))
        exported = fetch(locust.page_url + "/metrics")
        one = post(locust.page_url, "/swarm", user_count=1, spawn_rate=1, user_classes="HotKey")

    counted = re.findall(r'loadtest_requests_total{.*scenario="(\w+)"} [1-9]', exported)
    assert set(counted) == {"HotKey", "ReadHeavy"}
    assert one["success"]


PICKED = [("user_classes", "HotKey"), ("user_classes", "ReadHeavy")]
