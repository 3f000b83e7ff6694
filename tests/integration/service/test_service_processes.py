"""Whole service processes: shared knobs and loads, signals, invalid settings, odd requests."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from loadtests.service_under_test.urls import page_answers
from loadtests.stack.guardian import ROOT
from tests.integration.service.service_processes import (
    look_up,
    patch,
    request,
    results,
    running,
    samples,
    seen_results,
)

pytestmark = [pytest.mark.integration, pytest.mark.exclusive]

ROOMY = {"THREADS": "64", "STORE_POOL_SIZE": "64"}


@pytest.fixture
def sqlite_url(tmp_path):
    return f"sqlite:///{tmp_path}/fruit.db"


@pytest.fixture(scope="module")
def shared_service(guardian, redis_server, tmp_path_factory):
    """One service, shared by the tests that only send it odd requests."""
    database = tmp_path_factory.mktemp("shared_service") / "fruit.db"
    with running(guardian, redis_server.url, f"sqlite:///{database}") as (server,):
        yield server.url


@pytest.fixture
def two(guardian, fresh_redis, sqlite_url):
    with running(guardian, fresh_redis.url, sqlite_url, count=2, **ROOMY) as servers:
        yield [server.url for server in servers]


def settings(url):
    return request(url, "GET", "/control/settings").json


def test_change_of_knobs_reaches_the_other_process_within_a_second(two):
    first, second = two
    patch(first, ttl_seconds=7, protection="lease")
    time.sleep(1.0)

    assert settings(first) == settings(second)
    assert (settings(second)["version"], settings(second)["settings"]["ttl_seconds"]) == (1, 7)
    assert samples(second)["cacheaside_ttl_seconds"] == 7


def test_process_that_starts_later_adopts_the_knobs(guardian, two, fresh_redis, sqlite_url):
    patch(two[0], ttl_seconds=9)
    with running(guardian, fresh_redis.url, sqlite_url) as (third,):
        assert settings(third.url)["settings"]["ttl_seconds"] == 9


def test_leader_whose_client_disconnects_still_serves_its_waiters(two):
    url = two[0]
    patch(url, store_delay_seconds=0.5)
    address = urlsplit(url)
    leader = socket.create_connection((address.hostname, address.port))
    leader.sendall(b"GET /fruit/1 HTTP/1.1\r\nHost: x\r\n\r\n")
    time.sleep(0.1)
    with ThreadPoolExecutor(5) as pool:
        followers = [pool.submit(look_up, url, 1) for _ in range(5)]
        time.sleep(0.1)
        leader.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        leader.close()
        answers = [future.result() for future in followers]

    assert {(200, "coalesced")} == {(answer.status, answer.result) for answer in answers}
    seen_results[url].append("miss")
    assert results(url) == {"miss": 1, "coalesced": 5}
    assert samples(url)['cacheaside_store_queries_total{op="select",outcome="ok"}'] == 1


def test_requests_under_way_are_answered_after_sigterm(guardian, fresh_redis, sqlite_url):
    with running(guardian, fresh_redis.url, sqlite_url) as (server,):
        patch(server.url, store_delay_seconds=1.5)
        with ThreadPoolExecutor(4) as pool:
            under_way = [pool.submit(look_up, server.url, fruit_id) for fruit_id in (1, 2, 3)]
            time.sleep(0.5)
            began = time.monotonic()
            os.kill(server.pid, signal.SIGTERM)
            answers = [future.result() for future in under_way]
        while server.process.exit_code() is None:
            assert time.monotonic() - began < 10
            time.sleep(0.05)

    assert {200} == {answer.status for answer in answers}


def test_fifty_slow_lookups_overlap_in_a_process_with_enough_threads(two):
    patch(two[0], store_delay_seconds=0.2, protection="none")
    before = samples(two[0])["cacheaside_store_in_flight"]
    most, done = [0.0], threading.Event()

    def watch():
        while not done.is_set():
            most.append(samples(two[0])["cacheaside_store_in_flight"])

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: look_up(two[0], 1), range(50)))
    done.set()
    watcher.join()

    assert before == 0
    assert {200} == {answer.status for answer in answers}
    assert max(most) > 16


WRONG = [
    ("TTL_SECONDS", "-3"),
    ("PORT", "http"),
    ("CONTROL_TOKEN", ""),
    ("DATABASE_URL", "oracle://h/x"),
    ("REDIS_URL", "redis://"),
]
SERVE, FLASK = ["-m", "service"], ["-m", "flask", "--debug", "run"]


@pytest.mark.parametrize(
    ("command", "name", "value"),
    [
        *((SERVE, *setting) for setting in WRONG),
        *((FLASK, *setting) for setting in WRONG),
        (SERVE, "HOST", "no.such.host.invalid"),
    ],
)
def test_invalid_setting_ends_the_process_with_one_line_and_exit_code_two(command, name, value):
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, name: value},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert ended.returncode == 2
    assert len(ended.stderr.strip().splitlines()) == 1
    assert name in ended.stderr
    assert ended.stdout == ""


def test_a_host_may_be_a_name(tmp_path, free_port):
    database = f"sqlite:///{tmp_path}/fruit.db"
    settings = {"HOST": "localhost", "PORT": str(free_port), "DATABASE_URL": database}
    process = subprocess.Popen(
        [sys.executable, "-m", "service"], cwd=ROOT, env={**os.environ, **settings}
    )
    try:
        deadline = time.monotonic() + 30
        while not page_answers(f"http://localhost:{free_port}/livez"):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        process.terminate()
        process.wait(30)


def test_port_in_use_ends_the_process_with_one_line_and_exit_code_two():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            [sys.executable, "-m", "service"],
            cwd=ROOT,
            env={**os.environ, "PORT": port},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    assert ended.returncode == 2
    assert len(ended.stderr.strip().splitlines()) == 1
    assert port in ended.stderr


RAW = {
    "no HTTP": b"hello\r\n\r\n",
    "HTTP 0.9": b"GET /fruit/1\r\n\r\n",
    "no host": b"GET /fruit/1 HTTP/1.1\r\n\r\n",
    "bad host": b"GET /fruit/1 HTTP/1.1\r\nHost: a b<>\r\n\r\n",
    "absolute path": b"GET http://x/fruit/1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "bytes in path": b"GET /fruit/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    "odd method": b"BREW /fruit/1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "two lengths": b"PUT /fruit/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
    b"Content-Length: 6\r\n\r\nhello!",
    "negative length": b"PUT /fruit/1 HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "chunked": b"PUT /fruit/1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "large and chunked": b"PUT /fruit/1 HTTP/1.1\r\nHost: x\r\n"
    b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"8000\r\n" + b" " * 0x8000 + b"\r\n0\r\n\r\n",
    "long header": b"GET /fruit/1 HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("sent", RAW.values(), ids=RAW.keys())
def test_odd_request_causes_no_server_error_and_the_service_keeps_running(shared_service, sent):
    before = Counter(results(shared_service))
    address = urlsplit(shared_service)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(sent)
        connection.settimeout(3)
        try:
            answer = connection.recv(200)
        except (TimeoutError, ConnectionError):
            answer = b""

    assert not answer.startswith(b"HTTP/1.1 5")
    counted = Counter(results(shared_service)) - before
    assert counted.total() == answer.lower().count(b"x-cache:")
    seen_results[shared_service] += counted
    assert look_up(shared_service, 1).status == 200


def test_body_above_the_limit_is_refused_without_being_read(shared_service):
    address = urlsplit(shared_service)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    headers = {"Content-Type": "application/json", "Content-Length": str(10**9)}
    connection.request("PUT", "/fruit/1", b"{}", headers)

    assert connection.getresponse().status == 413
    connection.close()
