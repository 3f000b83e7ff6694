"""`make run`, which starts the stack for a person and runs it until Ctrl-C."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from loadtests.stack.descendants import descendants, process_table
from loadtests.stack.guardian import ROOT
from loadtests.stack.ports import free_port as another_free_port
from loadtests.stack.ports import is_taken
from tests.integration.load.locust_load import wait_for

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("require_servers")]


@pytest.fixture
def ports():
    return [another_free_port() for _ in range(3)]


def _run(ports, *more, **environment):
    words = zip(["--service-port", "--locust-port", "--prometheus-port"], ports, strict=True)
    given = [*(str(word) for pair in words for word in pair), *more]
    return subprocess.Popen(
        [sys.executable, "-m", "loadtests", "run", *given],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _targets(port):
    """Return what Prometheus scrapes, which it knows only after some seconds."""
    url = f"http://127.0.0.1:{port}/api/v1/targets?state=active"
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.load(answer)["data"]["activeTargets"]


def _startup_lines(run):
    shown = []
    while not shown or not shown[-1].startswith("Ctrl-C"):
        line = run.stdout.readline()
        assert line, run.stderr.read()
        shown.append(line.strip())
    return shown


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGINT, id="ctrl-c"),
        pytest.param(signal.SIGTERM, id="term", marks=pytest.mark.long),
    ],
)
def test_service_and_locust_can_be_opened_until_a_signal_ends_everything(ports, number):
    with _run(ports) as run:
        shown = _startup_lines(run)
        pids = descendants(run.pid)
        with urllib.request.urlopen(f"http://127.0.0.1:{ports[0]}/fruit/1", timeout=5) as answer:
            fruit = json.loads(answer.read())
        with urllib.request.urlopen(f"http://127.0.0.1:{ports[1]}/", timeout=5) as answer:
            page = answer.read().decode()

        os.kill(run.pid, number)
        code = run.wait(5)

        assert fruit["data"]["name"] == "apple"
        assert "Locust" in page
        assert any(line.startswith("redis: ") for line in shown)
        assert f"try:  curl -i http://127.0.0.1:{ports[0]}/fruit/1" in shown
        assert code == 0
        assert pids & {row.pid for row in process_table() if row.state != "Z"} == set()
        assert [port for port in ports if is_taken(port)] == []


def test_prometheus_on_the_path_scrapes_service_locust_and_sweep(ports, prometheus_program):
    path = f"{prometheus_program.path.parent}{os.pathsep}{os.environ['PATH']}"
    with _run(ports, PATH=path) as run:
        shown = _startup_lines(run)
        wait_for(lambda: len(_targets(ports[2])) == 4)
        targets = _targets(ports[2])
        run.terminate()
        run.wait(5)

    assert f"Prometheus:  http://127.0.0.1:{ports[2]}" in shown
    assert {(target["labels"]["job"], target["labels"]["instance"]) for target in targets} == {
        ("service", f"127.0.0.1:{ports[0]}"),
        ("locust", f"127.0.0.1:{ports[1]}"),
        ("sweep", "127.0.0.1:9647"),
        ("sweep", "127.0.0.1:9646"),
    }


def test_flags_of_the_page_reach_locust(ports, tmp_path):
    with _run(ports, "--trace-folder", str(tmp_path), "--page-name", "bench.example") as run:
        _startup_lines(run)
        command = [
            Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in descendants(run.pid)
        ]
        run.send_signal(signal.SIGTERM)
        run.communicate(timeout=30)
    (locust,) = [words for words in command if b"--web-port" in words]

    assert locust[locust.index(b"--trace-folder") + 1] == str(tmp_path).encode()
    assert locust[locust.index(b"--page-name") + 1] == b"bench.example"


def test_taken_port_is_refused_in_one_line_with_its_remedy(ports):
    with socket.create_server(("127.0.0.1", ports[1])), _run(ports) as run:
        said, complained = run.communicate(timeout=20)

    assert run.returncode == 2
    assert said == ""
    assert complained == (
        f"error: port {ports[1]} on 127.0.0.1 (locust) is taken: stop what listens there, or "
        f"choose another: --locust-port {ports[1] + 100} (make run LOCUST_PORT={ports[1] + 100})\n"
    )


@pytest.mark.parametrize("port", ["70000", "-1", "0", "abc", ""])
def test_invalid_port_is_refused_in_one_line_with_its_remedy(ports, port):
    with _run([port, *ports[1:]]) as run:
        said, complained = run.communicate(timeout=20)

    assert run.returncode == 2
    assert said == ""
    assert complained == (
        f"error: --service-port must be a whole number from 1 to 65535, got '{port}'; "
        "such as --service-port 8000 (make run SERVICE_PORT=8000)\n"
    )
