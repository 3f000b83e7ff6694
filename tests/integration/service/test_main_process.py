"""The worker that serves ends with its main process, however that ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loadtests.service_under_test.urls import page_answers
from loadtests.stack.descendants import descendants
from loadtests.stack.guardian import ROOT
from tests.integration.load.locust_load import wait_for
from tests.integration.service.service_processes import look_up, running

pytestmark = [pytest.mark.integration, pytest.mark.exclusive]


def is_running(pid):
    """Return whether a process has memory, which one that ended has not."""
    try:
        return Path(f"/proc/{pid}/statm").read_text().split()[0] != "0"
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2])
def test_no_process_serves_after_the_main_process_died(guardian, fresh_redis, tmp_path, number):
    with running(guardian, fresh_redis.url, f"sqlite:///{tmp_path}/fruit.db") as (server,):
        assert look_up(server.url, 1).status == 200
        (worker,) = descendants(server.pid)
        os.kill(server.pid, number)
        server.process.wait(5)
        ends = time.monotonic() + 5
        while is_running(worker) and time.monotonic() < ends:
            time.sleep(0.02)

        assert not is_running(worker)


def test_of_processes_that_start_at_one_address_together_one_serves(free_port, tmp_path):
    settings = {
        "PORT": str(free_port),
        "REDIS_URL": "redis://127.0.0.1:1",
        "DATABASE_URL": f"sqlite:///{tmp_path}/fruit.db",
    }
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "service"],
            cwd=ROOT,
            env=os.environ | settings,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    try:
        ends = time.monotonic() + 60
        while sum(one.poll() is None for one in started) > 1 and time.monotonic() < ends:
            time.sleep(0.05)
        ended = [one for one in started if one.poll() is not None]
        wait_for(lambda: page_answers(f"http://127.0.0.1:{free_port}/livez"))
        said = [one.stderr.read() for one in ended]
    finally:
        for one in started:
            one.terminate()
            one.communicate()

    assert [one.returncode for one in ended] == [2, 2]
    for line in said:
        assert line.startswith(f"service: cannot listen on HOST 127.0.0.1 PORT {free_port}: ")
        assert line.count("\n") == 1
