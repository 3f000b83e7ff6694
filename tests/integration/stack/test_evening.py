"""`python -m loadtests evening`, which plays one flash sale under every protection."""

import re
import signal
import subprocess
import sys

import pytest

from loadtests.experiments.commands.acts.act_outcome import BEGIN, END
from loadtests.stack.descendants import descendants, process_table
from loadtests.stack.guardian import ROOT
from loadtests.stack.ports import free_port
from tests.integration.load.locust_load import wait_for

pytestmark = [pytest.mark.accept, pytest.mark.usefixtures("require_servers")]

ACTS = ["none", "single-flight", "lease", "early", "stale", "Redis dead"]


def test_every_act_has_a_line_and_prometheus_stays_until_a_signal(tmp_path):
    document = tmp_path / "story.md"
    document.write_text(f"A story.\n{BEGIN}old{END}\nThe end.\n", encoding="utf-8")
    words = ["evening", "--seconds", "3", "--output", tmp_path / "records", "--document", document]
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
        conditions = evening.stdout.readline()
        last = evening.stdout.readline()
        pids = descendants(evening.pid)
        evening.send_signal(signal.SIGINT)
        evening.wait(30)

    assert [heading[14:][place : place + 11].strip() for place in range(0, 77, 11)] == [
        *("hit ratio", "expired", "loads", "a fill", "p99 ms", "no answer", "machine"),
    ]
    assert [line[:14].strip() for line in acts] == ACTS
    assert all(int(line[36:47]) > 0 for line in acts)
    assert "busy before the first act" in conditions
    before, table, after = re.split(f"{BEGIN}|{END}", document.read_text(encoding="utf-8"))
    assert (before, after) == ("A story.\n", "\nThe end.\n")
    assert [row.split(" | ")[0].strip("| ") for row in table.splitlines()[2:8]] == ACTS
    assert conditions in table
    assert last.startswith("Prometheus keeps the evening: http://127.0.0.1:")
    assert pids
    wait_for(lambda: not set(pids) & {row.pid for row in process_table()})
