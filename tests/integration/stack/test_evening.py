"""`python -m loadtests evening`, which plays one flash sale under every protection."""

import signal
import subprocess
import sys

import pytest

from loadtests.stack.descendants import descendants, process_table
from loadtests.stack.guardian import ROOT
from loadtests.stack.ports import free_port
from tests.integration.load.locust_load import wait_for

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("require_servers")]

ACTS = ["none", "single-flight", "lease", "early", "stale", "Redis dead"]


def test_every_act_has_a_line_and_prometheus_stays_until_a_signal(tmp_path):
    words = ["evening", "--seconds", "3", "--output", tmp_path / "records"]
    words += ["--service-port", free_port(), "--prometheus-port", free_port()]
    with subprocess.Popen(
        [sys.executable, "-m", "loadtests", *map(str, words)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as evening:
        heading = evening.stdout.readline()
        acts = [evening.stdout.readline() for _ in ACTS]
        last = evening.stdout.readline()
        pids = descendants(evening.pid)
        evening.send_signal(signal.SIGINT)
        evening.wait(30)

    assert heading.split() == ["hit", "ratio", "loads", "a", "fill", "p99", "ms", "no", "answer"]
    assert [line[:14].strip() for line in acts] == ACTS
    assert all(int(line[14:].split()[2]) > 0 for line in acts)
    assert last.startswith("Prometheus keeps the evening: http://127.0.0.1:")
    assert pids
    wait_for(lambda: not set(pids) & {row.pid for row in process_table()})
