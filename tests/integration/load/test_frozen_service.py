"""A service that freezes: the open loop shows the whole freeze, the closed loop almost nothing.

In a run of G seconds with a freeze of S seconds, the share S/G of all arrivals waits, evenly
between 0 and S: p99 is S - 0.01 G. A closed loop sends almost nothing during the freeze.
"""

import contextlib
import re
import time
from typing import NamedTuple

import numpy as np
import pytest

from loadtests.own_cost.load_cost import endpoint
from tests.integration.load.locust_load import LocustProcess, frozen, wait_for
from tests.integration.load.locust_page import (
    count_slower_than,
    download_rows,
    read_metrics,
    read_rows,
    swarm,
)

pytestmark = [pytest.mark.integration, pytest.mark.exclusive]


@pytest.fixture(scope="module")
def service():
    """Yield a bare endpoint, as the recovery of a busy service is not what is tested."""
    with endpoint() as bare:
        yield bare


EVEN = ["--rate", 100, "--arrivals", "paced"]
"""Paced as the formula assumes: Poisson arrivals would move p99 by 0.08 s (61 in 0.61 s)."""

RUNS = {
    "open": EVEN,
    "slots": [*EVEN, "--max-in-flight", 8],
    "closed": ["-u", 10, "--think-seconds", 0.05, "ClosedLoop"],
}
LENGTHS = [
    pytest.param((15, 1.5), id="short"),
    pytest.param((60, 4.0), id="full", marks=pytest.mark.accept),
]


@pytest.fixture(scope="module", params=LENGTHS)
def runs_of_a_freeze(request, service, tmp_path_factory):
    """Yield three concurrent runs of different load generators, frozen once together."""
    run_seconds, freeze_seconds = request.param
    with contextlib.ExitStack() as running:
        runs = {}
        for name, words in RUNS.items():
            directory = tmp_path_factory.mktemp(name)
            length = ["--run-time", f"{run_seconds}s"]
            locust = LocustProcess(directory, service.url, *length, *words)
            runs[name] = running.enter_context(locust)
        for locust in runs.values():
            locust.until_started()
        time.sleep(run_seconds / 3)
        with frozen(service.pid):
            time.sleep(freeze_seconds)
        for locust in runs.values():
            assert locust.wait() == 0, locust.log_text
        yield Frozen(runs, freeze_seconds, freeze_seconds - 0.01 * run_seconds)


class Frozen(NamedTuple):
    runs: dict
    freeze_seconds: float
    expected_p99: float


def p99(locust, clock):
    return float(np.quantile(locust.samples[clock], 0.99))


def test_open_loop_shows_the_freeze_on_both_clocks(runs_of_a_freeze):
    locust = runs_of_a_freeze.runs["open"]

    assert p99(locust, "response") == pytest.approx(runs_of_a_freeze.expected_p99, abs=0.15)
    assert p99(locust, "service") == pytest.approx(runs_of_a_freeze.expected_p99, abs=0.15)


def test_with_few_slots_only_the_response_time_shows_the_freeze(runs_of_a_freeze):
    locust = runs_of_a_freeze.runs["slots"]

    assert p99(locust, "response") == pytest.approx(runs_of_a_freeze.expected_p99, abs=0.15)
    assert p99(locust, "service") < 0.1
    assert locust.summary["queued"] > 50
    assert locust.summary["max_in_flight_seen"] == 8


def test_a_closed_loop_hides_the_freeze(runs_of_a_freeze):
    locust = runs_of_a_freeze.runs["closed"]

    assert p99(locust, "response") < 0.25
    assert p99(locust, "service") < 0.25
    assert locust.samples["response"].max() > runs_of_a_freeze.freeze_seconds * 0.9


def test_an_arrival_that_waits_too_long_is_dropped_and_counts_in_the_response_times(
    tmp_path, service
):
    limits = ["--rate", 100, "--max-in-flight", 4, "--max-wait-seconds", 1]
    with LocustProcess(tmp_path, service.url, "--run-time", "8s", *limits) as locust:
        locust.until_started()
        time.sleep(2)
        with frozen(service.pid):
            time.sleep(3)
        code = locust.wait()

    summary = locust.summary
    dropped = locust.samples[locust.samples["result"] == 8]
    assert code == 1, "Locust calls a drop a failure"
    assert summary["dropped"] == dropped.size > 50
    assert dropped["response"].min() >= 1.0
    assert np.isnan(dropped["service"]).all()
    assert summary["arrivals"] == sum(summary["results"].values())


def test_a_second_signal_gives_up_the_requests_in_flight(tmp_path, service):
    with LocustProcess(tmp_path, service.url, "--rate", 100) as locust:
        locust.until_started()
        with frozen(service.pid):
            time.sleep(1)
            locust.process.terminate()
            time.sleep(1)
            assert not locust.ended()
            locust.process.terminate()
            locust.wait(15)

    summary = locust.summary
    assert summary["failed"] + summary["dropped"] > 50
    assert re.search("gave up", locust.log_text)


def test_a_freeze_is_visible_while_it_lasts_and_afterwards(tmp_path, service):
    with LocustProcess(tmp_path, service.url, headless=False) as locust:
        page = locust.page_url
        locust.until_page()
        swarm(page, rate=100, max_in_flight=50, max_wait_seconds=1)
        wait_for(lambda: read_metrics(page + "/metrics")["loadtest_requests_total"] > 100)

        with frozen(service.pid):
            wait_for(lambda: read_metrics(page + "/metrics")["loadtest_in_flight"] == 50, seconds=5)
            wait_for(
                lambda: read_metrics(page + "/metrics")["loadtest_dropped_total"] > 50, seconds=5
            )
            wait_for(lambda: "dropped" in read_rows(page), seconds=5)

        wait_for(lambda: read_metrics(page + "/metrics")["loadtest_in_flight"] < 10)
        table = download_rows(page)
        tab = read_rows(page)
        slow = count_slower_than(page + "/metrics", 0.5)

    assert float(tab["all lookups"]["response_p99_ms"]) > 1000
    assert float(table["all lookups"]["response_p99_ms"]) > 1000
    assert slow > 100
