"""Locust's own --json, --json-file and --html, with and without worker processes."""

import json
import subprocess
import sys

import pytest

from loadtests.stack.ports import free_port
from tests.integration.load.locust_load import PATIENCE_SECONDS, ROOT

pytestmark = pytest.mark.integration


def run(url, *more):
    """Run a short load; return what it printed on stdout."""
    words = ["-f", "loadtests/locustfile.py", "--headless", "--service-url", url, "--rate", 60]
    port = free_port()
    words += ["--requests", 120, "--master-bind-port", port, "--master-port", port, *more]
    ended = subprocess.run(
        [sys.executable, "-m", "locust", *map(str, words), "ReadHeavy"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def requests_in(document):
    return sum(row["num_requests"] for row in document)


@pytest.mark.parametrize("many", [(), ("--processes", 2, "-u", 2)], ids=["one", "two"])
def test_json_on_stdout_is_one_document(service_url, many):
    printed = run(service_url, "--json", "--only-summary", *many)

    assert requests_in(json.loads(printed)) == 120


def test_files_of_a_run_with_workers_are_those_of_the_master(tmp_path, service_url):
    saved, page = tmp_path / "stats", tmp_path / "report.html"

    run(service_url, "--json-file", saved, "--html", page, "--processes", 2, "-u", 2)

    (document,) = tmp_path.glob("stats*")
    assert requests_in(json.loads(document.read_text())) == 120
    assert "/fruit/[id]" in page.read_text()
