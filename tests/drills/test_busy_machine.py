"""A healthy Redis on a machine whose cores are all busy is not taken for a silent one."""

import os
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import pytest

from loadtests.side_by_side.wrk import Wrk
from tests.drills.counts import Counts
from tests.drills.drill_report import print_figure
from tests.drills.machine import CpuTimes, judged_without_others

pytestmark = [pytest.mark.integration, pytest.mark.exclusive]

BUSY = "import time\nends = time.monotonic() + 300\nwhile time.monotonic() < ends: pass"


@contextmanager
def every_core_busy():
    """Run an endless loop for each core, for the length of the block."""
    loops = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(os.cpu_count())]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def answer_lookups(url, wanted, folder):
    answered, wrk, ends = 0, Wrk(folder), time.monotonic() + 240
    while answered < wanted and time.monotonic() < ends:
        burst = wrk.send(f"{url}/fruit/1", 5, connections=32)
        assert burst.failed == 0
        answered += burst.requests
    return answered


@pytest.mark.parametrize(
    "wanted", [pytest.param(10_000, id="few"), pytest.param(100_000, marks=pytest.mark.accept)]
)
def test_no_lookup_bypasses_a_healthy_redis_on_busy_cores(drill_stack, tmp_path, wanted):
    url = drill_stack.service_urls[0]
    counts, earlier = Counts([url]), CpuTimes.now()
    with every_core_busy():
        answered = answer_lookups(url, wanted, tmp_path)

    lookups = counts.lookups()
    print_figure(f"Every core busy: {answered} lookups, {dict(lookups)}")
    assert answered >= wanted
    with judged_without_others(lambda: CpuTimes.now().others_since(earlier), dict(lookups)):
        assert lookups["bypass"] == 0


def test_first_lookup_of_a_process_asks_redis_on_busy_cores(drill_stack):
    service, earlier, firsts = drill_stack.services[0], CpuTimes.now(), []
    with every_core_busy():
        for _ in range(3):
            service.restart()
            with urllib.request.urlopen(f"{service.url}/fruit/2", timeout=20) as answer:
                firsts.append(answer.headers["X-Cache"])

    with judged_without_others(lambda: CpuTimes.now().others_since(earlier), firsts):
        assert firsts == ["MISS", "HIT", "HIT"]
