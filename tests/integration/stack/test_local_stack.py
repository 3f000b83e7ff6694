"""The local stack with all its real servers."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from loadtests.stack import local, servers
from loadtests.stack.descendants import descendants, process_table
from loadtests.stack.guardian import ROOT, StackError
from loadtests.stack.local import LocalStack
from loadtests.stack.ports import is_taken

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("require_servers")]

_PARENT = """
import sys, time
from loadtests.stack.descendants import descendants
from loadtests.stack.local import LocalStack
from loadtests.service_under_test.urls import page_answers
from loadtests.stack.private_server import wait_until
port, *words = sys.argv[1:]
with LocalStack(service_processes=2, database="sqlite") as stack:
    web = ["--web-host", "127.0.0.1", "--web-port", port, "--service-url", stack.service_urls[0]]
    locust = stack.guardian.start("locust", [sys.executable, "-m", "locust", *words, *web])
    wait_until(lambda: page_answers(f"http://127.0.0.1:{port}/"), locust, "locust", 30)
    # Redis, two services with a Granian worker each, Locust with two workers.
    while len(descendants(stack.guardian.pid)) < 8:
        time.sleep(0.05)
    print(stack.guardian.folder)
    print(*descendants(stack.guardian.pid), stack.guardian.pid)
    print(port, stack.redis.port, *[server.port for server in stack.services], flush=True)
    time.sleep(60)
"""


def _json(url: str) -> dict:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return json.loads(answer.read())


def _fruit(service_url: str) -> dict:
    return _json(f"{service_url}/fruit/1")


def _alive(pids: list[int]) -> list[int]:
    living = {row.pid for row in process_table() if row.state != "Z"}
    return [pid for pid in pids if pid in living]


def test_stack_on_sqlite_answers_and_lists_its_servers():
    with LocalStack(database="sqlite") as stack:
        assert _fruit(stack.service_urls[0])["from_cache"] is False
        assert _fruit(stack.service_urls[0])["from_cache"] is True
        assert stack.store_name == "SQLite"
        assert [line.partition(":")[0] for line in stack.lines] == ["redis", "database", "service"]
        assert "SQLite, in a file (as asked)" in stack.lines[1]


def test_processes_share_mariadb_and_redis():
    with LocalStack(service_processes=2, database="mariadb") as stack:
        first, second = stack.service_urls

        assert _fruit(first) == {
            "data": {"id": 1, "name": "apple", "quantity": 100},
            "from_cache": False,
        }
        assert _fruit(second)["from_cache"] is True
        assert stack.store_name.startswith("MariaDB")


def test_settings_reach_the_service():
    with LocalStack(database="sqlite", environment={"TTL_SECONDS": "7"}) as stack:
        settings = _json(f"{stack.service_urls[0]}/control/settings")["settings"]

    assert settings["ttl_seconds"] == 7


def test_killed_service_restarts_on_its_port():
    with LocalStack(database="sqlite") as stack:
        service = stack.services[0]
        workers = [service.pid, *descendants(service.pid)]

        service.kill()
        assert _alive(workers) == []
        service.restart()

        assert _fruit(stack.service_urls[0])["data"]["name"] == "apple"


def _mysqld(folder: Path, otherwise: str) -> servers.ServerProgram:
    """Return a server that prints its version, and runs *otherwise* for all other arguments."""
    script = folder / "mysqld"
    script.write_text(
        f"#!/bin/sh\ncase $* in *--version) echo mysqld Ver 8.4.0;; {otherwise} esac\n"
    )
    script.chmod(0o755)
    return servers.ServerProgram(script, folder, "from PATH")


def test_database_that_cannot_start_is_replaced_by_sqlite_with_the_reason(monkeypatch, tmp_path):
    program = _mysqld(tmp_path, "*) echo begun >&2; echo no disk >&2; exit 1;;")
    monkeypatch.setattr(local, "find_server", lambda _: program)

    with LocalStack() as stack:
        assert stack.store_name == "SQLite"
        assert "(MySQL 8.4.0 could not make its data folder; it says: no disk)" in stack.lines[1]


def test_database_that_never_answers_is_ended_and_replaced_by_sqlite(monkeypatch, tmp_path):
    program = _mysqld(tmp_path, "*--initialize*) ;; *) exec sleep 600;;")
    monkeypatch.setattr(local, "find_server", lambda _: program)
    monkeypatch.setattr(local.MariadbServer, "ready_within_seconds", 0.5)

    with LocalStack() as stack:
        assert stack.store_name == "SQLite"
        assert "mariadb did not answer within 0.5 s" in stack.lines[1]
        commands = [
            Path(f"/proc/{pid}/cmdline").read_text() for pid in descendants(stack.guardian.pid)
        ]
        assert not [command for command in commands if "600" in command.split("\0")]


def test_wrong_setting_is_reported_in_the_services_own_line():
    stack = LocalStack(database="sqlite", environment={"TTL_SECONDS": "soon"})

    with pytest.raises(
        StackError, match=r"^service-1 does not start: .*TTL_SECONDS.*soon"
    ) as raised:
        stack.__enter__()

    assert "\n" not in str(raised.value)
    assert not stack.guardian.folder.exists()


def test_prometheus_scrapes_the_service(prometheus_program, monkeypatch):
    monkeypatch.setattr(local, "find_server", lambda _: prometheus_program)

    with LocalStack(database="sqlite", prometheus=True) as stack:
        query = f"{stack.prometheus_url}/api/v1/query?query=up"
        deadline = time.monotonic() + 30
        found = []
        while not found and time.monotonic() < deadline:
            found = _json(query)["data"]["result"]
            time.sleep(0.2)

    assert [(row["metric"]["job"], row["value"][1]) for row in found] == [("service", "1")]


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGINT, id="ctrl-c", marks=pytest.mark.long),
        pytest.param(signal.SIGTERM, id="term", marks=pytest.mark.long),
        pytest.param(signal.SIGKILL, id="kill-9"),
    ],
)
def test_stack_under_traffic_leaves_nothing_behind(number, free_port):
    load = ["-f", "loadtests/locustfile.py", "ReadHeavy", "--processes", "2", "--autostart"]
    load += ["--rate", "50", "--items", "100"]
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(free_port), *load],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as parent:
        folder = Path(parent.stdout.readline().strip())
        pids = [int(word) for word in parent.stdout.readline().split()]
        ports = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) >= 9
        assert all(is_taken(port) for port in ports)

        os.kill(parent.pid, number)

        deadline = time.monotonic() + 5
        while (left := _alive(pids)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert left == []
        assert [port for port in ports if is_taken(port)] == []
        assert not folder.exists()
