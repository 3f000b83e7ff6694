"""Faults of one of the two processes of the service, and clients that hold its connections."""

import os
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial

from loadtests.stack.descendants import descendants
from loadtests.stack.faults import server_faults
from loadtests.stack.ports import is_taken
from tests.faults.fault import Fault, of_database, of_service
from tests.faults.stage import ITEMS, Stage
from tests.integration.load.locust_load import wait_for
from tests.integration.service.service_processes import request

MANY = 40
ENDED_WITHIN_SECONDS = 5
HALF_SENT = b"PUT /fruit/1 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


def killed(stage: Stage) -> Iterator[None]:
    stage.services[0].kill()
    yield
    stage.services[0].restart()


def ended(stage: Stage) -> Iterator[None]:
    stage.services[0].stop()
    yield
    stage.services[0].restart()


def main_process_ended(stage: Stage, number: signal.Signals) -> Iterator[None]:
    """End the process that was started; its worker, which serves, must end with it."""
    os.kill(stage.services[0].pid, number)
    yield
    wait_for(lambda: not is_taken(stage.services[0].port), ENDED_WITHIN_SECONDS)
    stage.services[0].restart()


def ended_beside_a_hung_database(stage: Stage) -> Iterator[None]:
    with server_faults.frozen(stage.database):
        time.sleep(0.5)
        stage.services[0].process.terminate()
        yield
    assert stage.services[0].process.wait(10) == 0
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
        for _ in range(MANY):
            address = ("127.0.0.1", stage.services[0].port)
            client = closing.enter_context(socket.create_connection(address, timeout=5))
            client.sendall(HALF_SENT + b"Content-Length: 20\r\n\r\n{")
        yield


def many_readiness_checks(stage: Stage) -> Iterator[None]:
    yield from _asked_at_a_hung_database(stage, "GET", "/readyz", None)


def many_fills(stage: Stage) -> Iterator[None]:
    yield from _asked_at_a_hung_database(stage, "PUT", "/control/catalogue", {"items": 10})


def _asked_at_a_hung_database(
    stage: Stage, method: str, path: str, document: object
) -> Iterator[None]:
    """Freeze the database and send 40 requests that wait for it."""
    url = stage.urls[0]
    with ThreadPoolExecutor(MANY) as pool:
        with server_faults.frozen(stage.database):
            asked = [pool.submit(request, url, method, path, document) for _ in range(MANY)]
            yield
        assert {one.result().status for one in asked} <= {200, 503}


def bursts_without_waiting_places(stage: Stage) -> Iterator[None]:
    """Leave a process no thread that may wait for a load, and send it bursts of misses."""
    service, spare = stage.services[0], {"THREADS": "32", "STORE_POOL_SIZE": "28"}
    stage.settings |= spare
    service.restart()
    for last in range(ITEMS, ITEMS - 6 * MANY, -MANY):
        paths = [f"/fruit/{fruit_id}" for fruit_id in range(last, last - MANY, -1)]
        with ThreadPoolExecutor(MANY) as pool:
            answers = list(pool.map(partial(request, service.url, "GET"), paths))
        assert {answer.status for answer in answers} == {200}
    yield
    for name in spare:
        del stage.settings[name]
    service.restart()


MAIN = "the main process of one of two processes ends ({})"
FAULTS = (
    of_service("one of two processes of the service is killed (kill -9)", killed, ends=True),
    of_service("one of two processes of the service ends (SIGTERM)", ended, ends=True),
    *(
        of_service(MAIN.format(number.name), partial(main_process_ended, number=number), ends=True)
        for number in (signal.SIGKILL, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
    ),
    of_service(
        "one of two processes ends (SIGTERM) while the database is frozen",
        ended_beside_a_hung_database,
        ends=True,
    ),
    of_service("one of two processes of the service is frozen (SIGSTOP)", frozen, ends=False),
    of_service(
        "bursts of misses at a process without waiting places",
        bursts_without_waiting_places,
        ends=True,
    ),
    of_service("a client holds 1,024 idle connections", idle_connections, ends=False),
    Fault("a client holds back 40 bodies", contextmanager(half_sent_bodies), writes_fail=True),
    of_database("40 clients ask for readiness while the database is frozen", many_readiness_checks),
    of_database("40 clients fill the catalogue while the database is frozen", many_fills),
)
