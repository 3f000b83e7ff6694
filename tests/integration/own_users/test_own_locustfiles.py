"""The locustfiles of docs/own-service.md, from a folder elsewhere, against services not ours."""

import os
import re
import subprocess
import sys

import pytest

from loadtests.stack.guardian import ROOT
from loadtests.stack.ports import free_port
from tests.integration.load.locust_load import fetch, wait_for
from tests.integration.load.locust_page import read_metrics, read_rows, read_run
from tests.integration.target.small_services import ProductApi, SilentApi, SmallService

pytestmark = pytest.mark.integration

EXAMPLES = ROOT / "docs" / "examples"


@pytest.fixture
def locust(tmp_path):
    """Return a function that starts Locust on an example, in a folder outside the repository."""
    started = []

    def start(example, url, *words):
        (tmp_path / "locustfile.py").write_text((EXAMPLES / example).read_text())
        command = [sys.executable, "-m", "locust", "--host", url, *map(str, words)]
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def _end_after(run, service, requests):
    """End a run, as a job of CI does, when a service was asked so often; return what it said."""
    wait_for(lambda: len(service.asked) >= requests or run.poll() is not None)
    run.terminate()
    said, _ = run.communicate(timeout=60)
    assert "ERROR" not in said
    return said


def _closing(said):
    """Return the closing line of a run as its lookups and its hit ratio in words."""
    found = re.search(
        r"(\d+) lookups, hit ratio ([^,]+), response p99 .* 0 dropped, 0 failed", said
    )
    assert found, said
    return int(found[1]), found[2]


def _rows(said):
    """Return how many requests Locust's own table has, by type and name."""
    rows = re.findall(r"^(GET|POST) +(\S.*?) +(\d+) +\d+\(", said, re.MULTILINE)
    return {(method, name): int(count) for method, name, count in rows}


@pytest.mark.parametrize("processes", [pytest.param(1, marks=pytest.mark.accept), 2])
def test_product_api_tells_hits_and_misses_beside_other_users(locust, processes):
    words = ["--headless", "-u", 4, "-r", 100, "--only-summary"]
    many = ["--processes", 2, "--master-bind-port", free_port()] if processes > 1 else []
    if many:
        many += ["--master-port", many[-1]]
    with SmallService(ProductApi, ttl_seconds=60.0) as service:
        run = locust("product_api.py", service.url, *words, *many)
        said = _end_after(run, service, 200)
        asked = [line for line in service.asked if "/sku-" in line]
        newest = [line for line in service.asked if line.endswith("/newest")]
        cached = len(service.entries) - 1

    lookups, ratio = _closing(said)
    assert run.returncode == 0, said
    assert lookups == len(asked) > 100
    assert float(ratio.removesuffix(" %")) / 100 == pytest.approx(1 - cached / lookups, abs=0.001)
    rows = _rows(said)
    # Locust does not wait for the last answers to its own users.
    assert len(newest) - 2 <= rows.pop(("GET", "newest")) <= len(newest)
    assert rows == {("GET", "product hit"): lookups - cached, ("GET", "product miss"): cached}


def test_api_that_says_nothing_has_latency_and_no_hit_ratio(locust):
    with SmallService(SilentApi, load_seconds=0.02) as service:
        run = locust("silent_api.py", service.url, "--headless", "--only-summary")
        said = _end_after(run, service, 20)

    lookups, ratio = _closing(said)
    assert run.returncode == 0, said
    assert lookups == len(service.asked) >= 20
    assert ratio == "unknown"
    assert _rows(said) == {("POST", "book unknown"): lookups}
    assert float(re.search(r"response p99 ([\d.]+) ms", said)[1]) > 19


@pytest.mark.accept
def test_cache_tab_shows_the_rows_of_another_service(locust):
    port = free_port()
    page = f"http://127.0.0.1:{port}"
    web = ["--web-host", "127.0.0.1", "--web-port", port, "--autostart", "-u", 1]
    with SmallService(ProductApi, ttl_seconds=60.0) as service:
        locust("product_api.py", service.url, *web, "Shopper")
        wait_for(lambda: _has_rows(page))
        rows, run, totals = read_rows(page), read_run(page), read_metrics(page + "/metrics")
        chart = fetch(page + "/cacheaside/hit-ratio.svg")

    assert {"hit", "miss", "all lookups"} <= rows.keys()
    assert run["Hit ratio, whole run"].endswith(" %")
    assert run["Target rate"] == "50 arrivals/s"
    assert "Hit ratio, predicted" not in run
    assert totals["loadtest_requests_total"] >= 20
    assert "<svg" in chart


def _has_rows(page):
    try:
        return int(read_rows(page)["miss"]["count"]) > 20 and "hit" in read_rows(page)
    except (OSError, KeyError):
        return False
