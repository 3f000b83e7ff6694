"""Fixtures of whole stacks: a service to send load to, and a stack whose servers drills break."""

import os
import signal
from collections.abc import Iterator

import pytest

from loadtests.stack.descendants import descendants
from loadtests.stack.local import LocalStack
from loadtests.stack.private_server import PrivateServer
from service.domain.knobs import Knobs
from tests.drills.knob_control import call, fill_catalogue, set_knobs

ITEMS = 30_000


@pytest.fixture(scope="session")
def shared_stack(require_servers: None) -> Iterator[LocalStack]:
    """The stack in whatever state the last drill left it; use `drill_stack` instead."""
    del require_servers
    with LocalStack(service_processes=2, database="mariadb", environment={"THREADS": "64"}) as all_:
        yield all_


@pytest.fixture
def drill_stack(shared_stack: LocalStack) -> Iterator[LocalStack]:
    """The stack with everything up, every row there, the cache empty, the knobs at defaults."""
    fill_catalogue(shared_stack.service_urls[0], ITEMS)
    set_knobs(shared_stack.service_urls, **Knobs().as_json_object())
    call(shared_stack.service_urls[0], "DELETE", "/control/cache")
    yield shared_stack
    for server in (shared_stack.redis, shared_stack.database, *shared_stack.services):
        _mend(server)


def _mend(server: PrivateServer) -> None:
    """Restart a server that a drill ended, and continue the processes that a drill froze."""
    if server.process.exit_code() is not None:
        server.restart()
    for pid in (server.pid, *descendants(server.pid)):
        os.kill(pid, signal.SIGCONT)


@pytest.fixture(scope="module")
def service_url(require_servers: None) -> Iterator[str]:
    """A service on Redis and SQLite, started for one module, to send load to."""
    del require_servers
    with LocalStack(database="sqlite") as stack:
        yield stack.service_urls[0]
