"""A service that freezes: the open loop shows all of it, the closed loop next to nothing.

With rate r over G seconds and a freeze of S, the share S/G of all arrivals waits, evenly between
0 and S: p99 is S - 0.01 G. A closed loop sends next to nothing meanwhile.
"""

import contextlib
import re
import time
from typing import NamedTuple

import numpy as np
import psutil
import pytest

from loadtests.bench_load import endpoint
from tests.integration.locust_load import LocustProcess

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def service():
    """A bare endpoint: how long a loaded service takes to recover is not what is tested."""
    with endpoint() as bare:
        yield bare


def freeze(service, seconds):
    top = psutil.Process(service.pid)
    processes = [top, *top.children(recursive=True)]
    for process in processes:
        process.suspend()
    time.sleep(seconds)
    for process in processes:
        process.resume()


EVEN = ["--rate", 100, "--arrivals", "paced"]
"""As the formula assumes: Poisson arrivals would move p99 by 0.08 s (61 of them in 0.61 s)."""

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
def frozen(request, service, tmp_path_factory):
    """Three ways of load at once, and one freeze for all of them."""
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
        freeze(service, freeze_seconds)
        for locust in runs.values():
            assert locust.wait() == 0, locust.said
        yield Frozen(runs, freeze_seconds, freeze_seconds - 0.01 * run_seconds)


class Frozen(NamedTuple):
    runs: dict
    freeze_seconds: float
    expected_p99: float


def p99(locust, clock):
    return float(np.quantile(locust.samples[clock], 0.99))


def test_open_loop_shows_the_freeze_on_both_clocks(frozen):
    locust = frozen.runs["open"]

    assert p99(locust, "response") == pytest.approx(frozen.expected_p99, abs=0.15)
    assert p99(locust, "service") == pytest.approx(frozen.expected_p99, abs=0.15)


def test_with_few_slots_only_the_response_time_shows_it(frozen):
    locust = frozen.runs["slots"]

    assert p99(locust, "response") == pytest.approx(frozen.expected_p99, abs=0.15)
    assert p99(locust, "service") < 0.1
    assert locust.summary["queued"] > 50
    assert locust.summary["max_in_flight_seen"] == 8


def test_a_closed_loop_hides_the_freeze(frozen):
    locust = frozen.runs["closed"]

    assert p99(locust, "response") < 0.25
    assert p99(locust, "service") < 0.25
    assert locust.samples["response"].max() > frozen.freeze_seconds * 0.9


def test_an_arrival_that_waits_too_long_is_dropped_and_stands_in_the_response_times(
    tmp_path, service
):
    limits = ["--rate", 100, "--max-in-flight", 4, "--max-wait-seconds", 1]
    with LocustProcess(tmp_path, service.url, "--run-time", "8s", *limits) as locust:
        locust.until_started()
        time.sleep(2)
        freeze(service, 3.0)
        code = locust.wait()

    summary = locust.summary
    dropped = locust.samples[locust.samples["result"] == 8]
    assert code == 1, "Locust calls a drop a failure"
    assert summary["dropped"] == dropped.size > 50
    assert dropped["response"].min() >= 1.0
    assert np.isnan(dropped["service"]).all()
    assert summary["arrivals"] == sum(summary["results"].values())


def test_a_second_signal_gives_up_what_is_under_way(tmp_path, service):
    with LocustProcess(tmp_path, service.url, "--rate", 100) as locust:
        locust.until_started()
        top = psutil.Process(service.pid)
        processes = [top, *top.children(recursive=True)]
        for process in processes:
            process.suspend()
        try:
            time.sleep(1)
            locust.process.terminate()
            time.sleep(1)
            assert not locust.ended()
            locust.process.terminate()
            locust.wait(15)
        finally:
            for process in processes:
                process.resume()

    summary = locust.summary
    assert summary["failed"] + summary["dropped"] > 50
    assert re.search("gave up", locust.said)
