"""The main process and the worker that serves: how they end, and how many threads they have."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from loadtests.service_under_test.urls import page_answers
from loadtests.stack.descendants import descendants
from loadtests.stack.guardian import ROOT
from service.__main__ import HTTP_THREADS
from service.settings import Settings
from service.task_limits import needed_tasks
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


def test_busy_service_has_the_threads_that_its_limits_are_checked_for(
    guardian, fresh_redis, tmp_path
):
    settings = {"THREADS": "4", "STORE_POOL_SIZE": "4", "STORE_DELAY_SECONDS": "0.3"}
    database = f"sqlite:///{tmp_path}/fruit.db"
    with running(guardian, fresh_redis.url, database, **settings) as (server,):
        with ThreadPoolExecutor(12) as pool:
            list(pool.map(lambda fruit_id: look_up(server.url, fruit_id), range(1, 13)))
        pids = [server.pid, *descendants(server.pid)]
        tasks = sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in pids)

    # Not started: four refreshes and a shadow read; two probes, late replies, bodies, near tier.
    not_started = 5 + 5
    needed = needed_tasks(Settings(threads=4, store_pool_size=4), HTTP_THREADS)
    # A probe may run where Redis was slow for a moment.
    assert 0 <= tasks - (1 + needed - not_started) <= 2


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
