"""The worker that serves ends with its main process, however that ends."""

import os
import signal
import time
from pathlib import Path

import pytest

from loadtests.stack.descendants import descendants
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
