"""Clients and servers that hold on to connections, bodies and checks do not stop the service."""

import os
import resource
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest

from tests.drills.drill_report import print_figure
from tests.integration.service.service_processes import look_up, request, running

pytestmark = [pytest.mark.integration, pytest.mark.exclusive]

HELD_BACK = (
    b"PUT /fruit/1 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"Content-Length: 20\r\n\r\n{"
)
MANY = 40
IDLE = 1100


@pytest.fixture
def plain_service(guardian, redis_server, tmp_path):
    """A service on Redis and SQLite with 32 threads."""
    database_url = f"sqlite:///{tmp_path}/fruit.db"
    with running(guardian, redis_server.url, database_url, THREADS="32") as (server,):
        yield server


@pytest.fixture
def more_descriptors():
    """Lets this process open as many connections as the test needs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * IDLE), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connect_many(service, count, stack):
    address = ("127.0.0.1", service.port)
    return [stack.enter_context(socket.create_connection(address, 5)) for _ in range(count)]


def slowest(service, tries=10):
    """Return the longest time that liveness and a lookup take, in seconds."""
    longest = 0.0
    for _ in range(tries):
        began = time.monotonic()
        assert request(service.url, "GET", "/livez").status == 200
        assert look_up(service.url, 1).status == 200
        longest = max(longest, time.monotonic() - began)
    return longest


def seconds_until_closed(held):
    """Return how long the service leaves a connection open; raise TimeoutError after a minute."""
    held.settimeout(60)
    began = time.monotonic()
    with suppress(ConnectionError):
        while held.recv(1000):
            pass
    return time.monotonic() - began


def test_bodies_that_never_come_hold_an_eighth_of_the_threads(plain_service):
    with ExitStack() as stack:
        for held in connect_many(plain_service, MANY, stack):
            held.sendall(HELD_BACK)
        time.sleep(1)
        took = slowest(plain_service)
        body = {"name": "apple", "quantity": 100}
        refused = request(plain_service.url, "PUT", "/fruit/2", body)
    written = request(plain_service.url, "PUT", "/fruit/2", body)

    print_figure(f"{MANY} bodies held back: slowest of ten lookups {took * 1000:.0f} ms")
    assert took < 1
    assert refused.status == 503
    assert "hold back their bodies" in refused.json["error"]
    assert written.status == 200


@pytest.mark.accept
def test_bodies_that_never_come_are_given_up_after_ten_seconds(plain_service):
    body = {"name": "apple", "quantity": 100}
    with ExitStack() as stack:
        began = time.monotonic()
        for held in connect_many(plain_service, MANY, stack):
            held.sendall(HELD_BACK)
        time.sleep(1)
        while request(plain_service.url, "PUT", "/fruit/2", body).status != 200:
            assert time.monotonic() < began + 20
        took = time.monotonic() - began
        assert look_up(plain_service.url, 1).status == 200

    print_figure(f"{MANY} bodies held back: a write succeeds after {took:.1f} s")
    assert 9 < took < 14


@pytest.mark.accept
def test_connection_without_a_whole_head_is_closed_after_half_a_minute(plain_service):
    with ExitStack() as stack, ThreadPoolExecutor(3) as pool:
        silent, half, slow = connect_many(plain_service, 3, stack)
        half.sendall(b"GET /fruit/1 HTTP/1.1\r\nHost: 127")
        closing = [pool.submit(seconds_until_closed, held) for held in (silent, half, slow)]
        for letter in b"GET /fruit/1 HTTP/1.1\r\nX: " + b"y" * 60:
            with suppress(OSError):
                slow.sendall(bytes([letter]))
            time.sleep(0.5)
        took = [one.result() for one in closing]

    shown = ", ".join(f"{seconds:.1f} s" for seconds in took)
    print_figure(f"three connections without a whole head: closed after {shown}")
    assert all(29 < seconds < 35 for seconds in took), took


def test_sixteen_clients_that_write_without_pause_are_never_refused(
    guardian, redis_server, mariadb_server
):
    ends = time.monotonic() + 3.0

    def write(number):
        body, statuses = {"name": "apple", "quantity": number}, []
        while time.monotonic() < ends:
            statuses.append(request(server.url, "PUT", f"/fruit/{900 + number}", body).status)
        return statuses

    with (
        running(guardian, redis_server.url, mariadb_server.url, THREADS="32") as (server,),
        ThreadPoolExecutor(16) as pool,
    ):
        statuses = [status for found in pool.map(write, range(16)) for status in found]

    assert len(statuses) > 100
    assert set(statuses) <= {200, 201}


@pytest.mark.usefixtures("more_descriptors")
def test_idle_connections_do_not_keep_others_out(plain_service):
    with ExitStack() as stack:
        connect_many(plain_service, IDLE, stack)
        time.sleep(1)
        took = slowest(plain_service)

    print_figure(f"{IDLE} idle connections: slowest of ten lookups {took * 1000:.0f} ms")
    assert took < 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", "/readyz", None), ("PUT", "/control/catalogue", {"items": 10_000})],
    ids=["readiness", "fills of the catalogue"],
)
def test_service_is_alive_beside_many_that_wait_for_a_hung_database(
    guardian, redis_server, fresh_mariadb, method, path, body
):
    with running(guardian, redis_server.url, fresh_mariadb.url, THREADS="32") as (server,):
        look_up(server.url, 1)
        with ThreadPoolExecutor(MANY) as pool:
            os.kill(fresh_mariadb.pid, signal.SIGSTOP)
            try:
                asked = [pool.submit(request, server.url, method, path, body) for _ in range(MANY)]
                time.sleep(0.2)
                took = slowest(server)
            finally:
                os.kill(fresh_mariadb.pid, signal.SIGCONT)
            statuses = {one.result().status for one in asked}

    print_figure(f"{MANY} {path} at a hung database: slowest hit {took * 1000:.0f} ms")
    assert took < 1
    assert statuses <= {200, 503}
