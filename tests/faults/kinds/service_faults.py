"""Faults of one of the two processes of the service, and clients that hold its connections."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack

from loadtests.stack.descendants import descendants
from tests.faults.fault import of_service
from tests.faults.stage import Stage

HALF_SENT = b"PUT /fruit/1 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


def killed(stage: Stage) -> Iterator[None]:
    stage.services[0].kill()
    yield
    stage.services[0].restart()


def ended(stage: Stage) -> Iterator[None]:
    stage.services[0].stop()
    yield
    stage.services[0].restart()


def frozen(stage: Stage) -> Iterator[None]:
    pids = [stage.services[0].pid, *descendants(stage.services[0].pid)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    yield
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


def idle_connections(stage: Stage) -> Iterator[None]:
    with ExitStack() as closing:
        for _ in range(1024):
            address = ("127.0.0.1", stage.services[0].port)
            closing.enter_context(socket.create_connection(address, timeout=5))
        yield


def half_sent_bodies(stage: Stage) -> Iterator[None]:
    with ExitStack() as closing:
        for _ in range(40):
            address = ("127.0.0.1", stage.services[0].port)
            client = closing.enter_context(socket.create_connection(address, timeout=5))
            client.sendall(HALF_SENT + b"Content-Length: 20\r\n\r\n{")
        yield


FAULTS = (
    of_service("one of two processes of the service is killed (kill -9)", killed, ends=True),
    of_service("one of two processes of the service ends (SIGTERM)", ended, ends=True),
    of_service("one of two processes of the service is frozen (SIGSTOP)", frozen, ends=False),
    of_service("a client holds 1,024 idle connections", idle_connections, ends=False),
)
