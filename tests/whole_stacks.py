"""What whole slices share: a service to load, and the stack whose servers drills may break."""

import os
import signal
from collections.abc import Iterator

import pytest

from loadtests.stack.descendants import descendants
from loadtests.stack.local import LocalStack
from loadtests.stack.private_server import PrivateServer
from service.domain.knobs import Knobs
from tests.drills.knob_control import call, stock, turn

ITEMS = 30_000


@pytest.fixture(scope="session")
def shared_stack(bring_servers: None) -> Iterator[LocalStack]:
    """The stack, whatever state the last drill left it in; ask for `drilled`."""
    del bring_servers
    with LocalStack(service_processes=2, database="mariadb", environment={"THREADS": "64"}) as all_:
        stock(all_.service_urls[0], ITEMS)
        yield all_


@pytest.fixture
def drilled(shared_stack: LocalStack) -> Iterator[LocalStack]:
    """The stack with everything up, the cache empty and all knobs as designed."""
    turn(shared_stack.service_urls, **Knobs().as_json_object())
    call(shared_stack.service_urls[0], "DELETE", "/control/cache")
    yield shared_stack
    for server in (shared_stack.redis, shared_stack.database, *shared_stack.services):
        _mend(server)


def _mend(server: PrivateServer) -> None:
    """Start a server again that a drill ended, and let go on what a drill froze."""
    if server.process.exit_code() is not None:
        server.restart()
    for pid in (server.pid, *descendants(server.pid)):
        os.kill(pid, signal.SIGCONT)


@pytest.fixture(scope="module")
def service_url(bring_servers: None) -> Iterator[str]:
    """A service of the module's own, on Redis and SQLite, to drive load at."""
    del bring_servers
    with LocalStack(database="sqlite") as stack:
        yield stack.service_urls[0]
